import { only, sqlCheck } from '../check.ts';

export const couponsCounted = sqlCheck(
  'coupons.issued-counted',
  'An event has issued exactly the coupons that exist of it, never more than its quantity, and one a user.',
  'coupon',
  ({ ids }) => {
    const events = only('e.id', ids);
    const owners = only('event_id', ids);
    return {
      violations: `
        SELECT e.id AS id, CONCAT('issued ', e.issued, ' of ', e.total_quantity, ', but ', COALESCE(c.n, 0), ' coupons exist') AS message
          FROM coupon_events e LEFT JOIN (SELECT event_id, COUNT(*) AS n FROM coupons GROUP BY event_id) c ON c.event_id = e.id
         WHERE (e.issued <> COALESCE(c.n, 0) OR e.issued > e.total_quantity)${events.sql}
        UNION ALL
        SELECT event_id, CONCAT('user ', user_id, ' has ', COUNT(*), ' coupons of it') FROM coupons WHERE TRUE${owners.sql} GROUP BY event_id, user_id HAVING COUNT(*) > 1`,
      params: [...events.params, ...owners.params],
      counted: 'coupon_events',
    };
  },
);

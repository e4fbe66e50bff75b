import { type Check, only, sqlCheck } from '../check.ts';

// A command id is `sagaId/step/attempt`; the saga that places an order has the order's id.
const ORDER_OF = (column: string): string => `SUBSTRING_INDEX(${column}, '/', 1)`;

/** A claimed command without an answer was committed without its effect; it would be answered by nobody, for ever. */
const answered = (schema: 'wallet' | 'catalog' | 'coupon'): Check =>
  sqlCheck(`inbox.${schema}.answered`, 'Every claimed command has its stored answer.', schema, ({ ids }) => {
    const some = only('id', ids);
    return {
      violations: `SELECT id, 'claimed, but never answered' AS message FROM inbox WHERE reply_type IS NULL${some.sql}`,
      params: some.params,
      counted: 'inbox',
    };
  });

export const inboxAnswered: readonly Check[] = [answered('wallet'), answered('catalog'), answered('coupon')];

/** An effect whose commands may have been purged from the inbox is not compared with them: they are kept for three days. */
const REMEMBERED = 'UTC_TIMESTAMP() - INTERVAL 2 DAY';

/**
 * How many commands of each order were answered in these ways, as a derived table `(order_id, <column> …)`. Grouped first, since a prefix of
 * an id cannot be looked up by index in a join.
 */
const answersBy = (types: Readonly<Record<string, string>>): string => {
  const counts = Object.entries(types).map(([column, type]) => `SUM(reply_type = '${type}') AS ${column}`);
  const wanted = Object.values(types).map((type) => `'${type}'`);
  return `(SELECT ${ORDER_OF('id')} AS order_id, ${counts.join(', ')} FROM inbox WHERE reply_type IN (${wanted.join(', ')}) GROUP BY ${ORDER_OF('id')})`;
};

export const walletOneEffect = sqlCheck(
  'inbox.wallet.one-effect',
  'Every payment in the ledger answers exactly one debit command.',
  'wallet',
  ({ ids }) => {
    const some = only('l.cause_id', ids);
    return {
      violations: `
        SELECT l.cause_id AS id, CONCAT('payment ', l.id, ' answers ', COALESCE(a.debited, 0), ' debit commands') AS message
          FROM ledger l LEFT JOIN ${answersBy({ debited: 'jumun.wallet.v1.WalletDebited' })} a ON a.order_id = l.cause_id
         WHERE l.type = 'PAYMENT' AND l.created_at > ${REMEMBERED} AND COALESCE(a.debited, 0) <> 1${some.sql}`,
      params: some.params,
      counted: "ledger WHERE type = 'PAYMENT'",
    };
  },
);

/** A release may be asked for of what was never reserved, so it has an effect or none; every other command that was not refused has one. */
export const inventoryOneEffect = sqlCheck(
  'inbox.catalog.one-effect',
  'Every reservation answers exactly one reserve command, its sale one commit, its release a release; and each such answer has had its effect.',
  'catalog',
  ({ ids }) => {
    const held = only('r.order_id', ids);
    const said = only('a.order_id', ids);
    const answers = answersBy({
      reserved: 'jumun.inventory.v1.StockReserved',
      committed: 'jumun.inventory.v1.StockCommitted',
      released: 'jumun.inventory.v1.StockReleased',
    });
    const answered = (column: string): string => `COALESCE(a.${column}, 0)`;
    return {
      violations: `
        SELECT r.order_id AS id, CONCAT('its reservation is ', r.statuses, ', and answers ', ${answered('reserved')}, ' reserve commands, ',
               ${answered('committed')}, ' commits and ', ${answered('released')}, ' releases') AS message
          FROM (SELECT order_id, MAX(created_at) AS created_at, GROUP_CONCAT(DISTINCT status) AS statuses FROM reservations GROUP BY order_id) r
          LEFT JOIN ${answers} a ON a.order_id = r.order_id
         WHERE r.created_at > ${REMEMBERED}${held.sql}
           AND NOT (${answered('reserved')} = 1 AND ${answered('committed')} = (r.statuses = 'COMMITTED') AND (${answered('released')} > 0) = (r.statuses = 'RELEASED'))
        UNION ALL
        SELECT a.order_id, CONCAT(a.reserved, ' reserve commands and ', a.committed, ' commits were answered, but nothing is reserved')
          FROM ${answers} a LEFT JOIN reservations r ON r.order_id = a.order_id
         WHERE r.order_id IS NULL AND a.reserved + a.committed > 0${said.sql}`,
      params: [...held.params, ...said.params],
      counted: 'reservations',
    };
  },
);

export const couponOneEffect = sqlCheck(
  'inbox.coupon.one-effect',
  'Every held coupon answers exactly one hold command, every used one a use as well; and each such answer has had its effect.',
  'coupon',
  ({ ids }) => {
    const kept = only('c.order_id', ids);
    const said = only('a.order_id', ids);
    const answers = answersBy({
      held: 'jumun.coupon.v1.CouponHeld',
      used: 'jumun.coupon.v1.CouponUsed',
      released: 'jumun.coupon.v1.CouponReleased',
    });
    const answered = (column: string): string => `COALESCE(a.${column}, 0)`;
    return {
      violations: `
        SELECT c.order_id AS id, CONCAT('coupon ', c.id, ' is ', c.status, ' by it, and answers ', ${answered('held')}, ' hold commands, ',
               ${answered('used')}, ' uses and ', ${answered('released')}, ' releases') AS message
          FROM (SELECT id, status, updated_at, COALESCE(held_by, used_by) AS order_id FROM coupons WHERE status <> 'AVAILABLE') c
          LEFT JOIN ${answers} a ON a.order_id = c.order_id
         WHERE c.updated_at > ${REMEMBERED}${kept.sql}
           AND NOT (${answered('held')} = 1 AND ${answered('used')} = (c.status = 'USED') AND ${answered('released')} = 0)
        UNION ALL
        SELECT a.order_id, CONCAT(a.held, ' hold commands and ', a.used, ' uses were answered, but it has no coupon')
          FROM ${answers} a LEFT JOIN coupons h ON h.held_by = a.order_id LEFT JOIN coupons u ON u.used_by = a.order_id
         WHERE h.id IS NULL AND u.id IS NULL AND (a.used > 0 OR (a.held > 0 AND a.released = 0))${said.sql}`,
      params: [...kept.params, ...said.params],
      counted: "coupons WHERE status <> 'AVAILABLE'",
    };
  },
);

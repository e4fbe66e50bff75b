import { type Check, only, sqlCheck } from '../check.ts';

/** The poller sends within seconds what the path of the effect could not. */
const OVERDUE_S = 60;

const sent = (schema: 'wallet' | 'catalog' | 'coupon'): Check =>
  sqlCheck(`outbox.${schema}.sent`, 'What happened is published within a minute.', schema, ({ ids, strict }) => {
    const some = only('id', ids);
    const grace = strict ? '' : ` AND created_at < UTC_TIMESTAMP(3) - INTERVAL ${OVERDUE_S} SECOND`;
    return {
      violations: `SELECT id, CONCAT(type, ' of ', created_at, ' is still to be sent') AS message FROM outbox WHERE sent_at IS NULL${grace}${some.sql}`,
      params: some.params,
      counted: 'outbox',
    };
  });

export const outboxSent: readonly Check[] = [sent('wallet'), sent('catalog'), sent('coupon')];

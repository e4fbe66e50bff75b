import { only, sqlCheck, type Violation } from '../check.ts';
import { acrossSchemas } from './across.ts';
import { HISTORY_OF, orderStates } from './timeline.ts';

/** A saga is looked at by the sweep at `next_at`; one that nobody took up for this much longer has no living owner. */
const OVERDUE_S = 120;

export const sagasAlive = sqlCheck(
  'sagas.alive',
  'No saga is past its time or parked for a person, and every open order has one that moves it; at rest, all have ended.',
  'orders',
  ({ ids, strict }) => {
    const sagas = only('s.order_id', ids);
    const orders = only('o.id', ids);
    const past = strict
      ? 's.outcome IS NULL'
      : `(s.outcome IS NULL AND (s.stuck OR s.next_at IS NULL OR s.next_at < UTC_TIMESTAMP(3) - INTERVAL ${OVERDUE_S} SECOND))`;
    return {
      violations: `
        SELECT s.order_id AS id, CONCAT('saga ', s.id, IF(s.stuck, ' is parked', ' has not ended'), ', due at ', COALESCE(s.next_at, 'no time')) AS message
          FROM sagas s WHERE ${past}${sagas.sql}
        UNION ALL
        SELECT o.id, CONCAT('order is ', o.status, ', but its saga ', IF(s.id IS NULL, 'does not exist', CONCAT('ended ', s.outcome)))
          FROM orders o LEFT JOIN sagas s ON s.id = o.id
         WHERE (s.id IS NULL OR (s.outcome IS NOT NULL) <> (o.status IN ('COMPLETED', 'CANCELLED')))${orders.sql}`,
      params: [...sagas.params, ...orders.params],
      counted: 'sagas',
    };
  },
);

const STEPS: ReadonlySet<string> = new Set([
  'nothing to PENDING',
  'PENDING to VALIDATING',
  'VALIDATING to PROCESSING',
  'VALIDATING to CANCELLED',
  'PROCESSING to COMPLETED',
  'PROCESSING to CANCELLED',
]);

export const historyAllowed = acrossSchemas(
  'orders.history-allowed',
  'The states of an order are a path of PENDING → VALIDATING → PROCESSING → COMPLETED or CANCELLED, and the last is its own.',
  async ({ books }, { orders, within }) => {
    const { sql, params } = within(HISTORY_OF);
    const violations: Violation[] = [];
    const lastOf = new Map<string, string | null>();
    for (const { order_id: id, kind } of await books.orders.query<{ order_id: string; kind: string | null }>(orderStates(sql), params)) {
      const step = `${lastOf.get(id) ?? 'nothing'} to ${kind}`;
      if (kind !== null && !STEPS.has(step)) violations.push({ id, message: `${step} is no step of an order` });
      lastOf.set(id, kind);
    }
    for (const { id, status } of orders) {
      const last = lastOf.get(id);
      // An order without a saga has no history either: that is `sagas.alive`.
      if (last === undefined || last === status) continue;
      violations.push({ id, message: `order is ${status}, its history ends ${last ?? 'before it began'}` });
    }
    return violations;
  },
);

export const eventsSent = sqlCheck('orders.event-sent', 'Every ended order has told it, once.', 'orders', ({ ids, strict }) => {
  const some = only('order_id', ids);
  const grace = strict ? '' : ` AND updated_at < UTC_TIMESTAMP(3) - INTERVAL ${OVERDUE_S} SECOND`;
  return {
    violations: `
      SELECT order_id AS id, IF(event_type IS NULL, 'ended without an event', 'its event is still to be sent') AS message
        FROM sagas WHERE outcome IS NOT NULL AND (event_type IS NULL OR event_sent_at IS NULL)${grace}${some.sql}`,
    params: some.params,
    counted: 'sagas',
  };
});

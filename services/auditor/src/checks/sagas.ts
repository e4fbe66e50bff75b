import { only, sqlCheck, type Violation } from '../check.ts';
import { acrossSchemas } from './across.ts';
import { UNREADABLE } from './standing.ts';
import { HISTORY_OF, orderStates } from './timeline.ts';

/** A saga is looked at by the sweep at `next_at`; one that nobody took up for this much longer has no living owner. */
const OVERDUE_S = 120;

/** An instant as a saga's progress has them: epoch milliseconds. Not `UNIX_TIMESTAMP`, which knows no far future. */
const epochMs = (instant: string): string => `TIMESTAMPDIFF(MICROSECOND, '1970-01-01', ${instant}) DIV 1000`;
/** What an order is whose saga stands like this. Written with it, so neither is ever ahead. */
const STATUS_BY_OUTCOME =
  "CASE WHEN s.outcome IS NULL THEN 'VALIDATING' WHEN s.outcome = 'COMPLETED' THEN 'COMPLETED' WHEN s.outcome = 'REFUSED' THEN 'CANCELLED' ELSE '' END";

/** What is wrong with a saga by its row and its order's, as conditions in SQL and what is said then, the first that holds. `NULL` holds not. */
const wrongSaga = (strict: boolean): readonly (readonly [condition: string, message: string])[] => {
  const due = "COALESCE(s.next_at, 'no time')";
  const open = `s.outcome IS NULL AND`;
  return [
    ['o.id IS NULL', "'there is a saga, but no order'"],
    ['s.order_id <> s.id', "CONCAT('its saga is written down under order ', s.order_id)"],
    ['NOT JSON_VALID(s.progress)', "'where its saga stands cannot be read'"],
    [
      `o.status <> ${STATUS_BY_OUTCOME}`,
      "CONCAT('order is ', o.status, ', but its saga ', IF(s.outcome IS NULL, 'has not ended', CONCAT('ended ', s.outcome)))",
    ],
    [`${open} s.stuck`, `CONCAT('its saga is parked, due at ', ${due})`],
    [
      `${open} (s.next_at IS NULL OR s.next_at < UTC_TIMESTAMP(3) - INTERVAL ${OVERDUE_S} SECOND)`,
      `CONCAT('its saga has not ended, due at ', ${due})`,
    ],
    [
      `${open} ${epochMs('s.next_at')} > COALESCE(JSON_VALUE(s.progress, '$.nextAt'), 0)`,
      `CONCAT('its saga will be looked at on ', ${due}, ', later than what it awaits')`,
    ],
    ...(strict ? [['s.outcome IS NULL', `CONCAT('its saga has not ended, due at ', ${due})`] as const] : []),
  ];
};

export const sagasAlive = sqlCheck(
  'sagas.alive',
  'Every order has its saga, and every saga its order, which has ended as it has. None is past its time, parked for a person, or looked at later than it awaits something; at rest, all have ended.',
  'orders',
  ({ ids, strict }) => {
    const sagas = only('s.id', ids);
    const orders = only('o.id', ids);
    const wrong = `CASE ${wrongSaga(strict)
      .map(([condition, message]) => `WHEN ${condition} THEN ${message}`)
      .join(' ')} END`;
    return {
      violations: `
        SELECT id, message FROM (SELECT s.id, ${wrong} AS message FROM sagas s LEFT JOIN orders o ON o.id = s.id WHERE TRUE${sagas.sql}) w WHERE message IS NOT NULL
        UNION ALL
        SELECT o.id, CONCAT('order is ', o.status, ', but its saga does not exist') FROM orders o LEFT JOIN sagas s ON s.id = o.id
         WHERE s.id IS NULL${orders.sql}`,
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
    for (const { id, kind } of await books.orders.query<{ id: string; kind: string | null }>(orderStates(sql), params)) {
      const step = `${lastOf.get(id) ?? 'nothing'} to ${kind}`;
      if (kind === UNREADABLE) violations.push({ id, message: 'its history cannot be read' });
      else if (kind !== null && !STEPS.has(step)) violations.push({ id, message: `${step} is no step of an order` });
      lastOf.set(id, kind);
    }
    for (const { id, status } of orders) {
      const last = lastOf.get(id);
      // An order without a saga has no history either, and where an open one stands may be unreadable: both are `sagas.alive`.
      if (last === undefined || last === status || last === UNREADABLE || status === UNREADABLE) continue;
      violations.push({ id, message: `order is ${status}, its history ends ${last ?? 'before it began'}` });
    }
    return violations;
  },
);

/** The event that each outcome is told by. Kept for ever, with what it says: every sending of it is the same. */
const EVENT_BY_OUTCOME =
  "CASE outcome WHEN 'COMPLETED' THEN 'jumun.orders.v1.OrderCompleted' WHEN 'REFUSED' THEN 'jumun.orders.v1.OrderCancelled' END";

export const eventsSent = sqlCheck(
  'orders.event-sent',
  'Every ended order has told how it ended, and what it told is kept.',
  'orders',
  ({ ids, strict }) => {
    const some = only('id', ids);
    const grace = strict ? '' : ` AND updated_at < UTC_TIMESTAMP(3) - INTERVAL ${OVERDUE_S} SECOND`;
    return {
      violations: `
      SELECT id, CASE WHEN event_type IS NULL THEN 'ended without an event'
                      WHEN event_sent_at IS NULL THEN CONCAT('its event ', event_type, ' is still to be sent')
                      ELSE CONCAT('ended ', outcome, ', and told it by ', event_type, IF(event_payload IS NULL, ' without what it says', '')) END AS message
        FROM sagas
       WHERE outcome IS NOT NULL
         AND (NOT (event_type <=> ${EVENT_BY_OUTCOME}) OR event_payload IS NULL OR (event_sent_at IS NULL${grace}))${some.sql}`,
      params: some.params,
      counted: 'sagas',
    };
  },
);

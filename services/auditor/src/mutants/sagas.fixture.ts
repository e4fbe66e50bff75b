import { dueAt, ended, FAILED, forgotten, id, PAID, saga, USER } from '../books.fixture.ts';
import { type Mutant, on } from './mutant.fixture.ts';

const openOrder = (name: string): string =>
  `INSERT INTO orders (id, user_id, status, payment_mode, subtotal, discount, total, payment_status) VALUES ('${id(name)}', '${USER}', 'VALIDATING', 'IMMEDIATE', 1, 0, 1, 'PENDING')`;

const IN_A_MINUTE = 'UTC_TIMESTAMP(3) + INTERVAL 1 MINUTE';
/** The saga of an open order in its first stage. */
const underWay = (name: string, nextAt = IN_A_MINUTE, more: Readonly<Record<string, string>> = {}): string =>
  saga(id(name), ['PENDING', 'VALIDATING'], { next_at: nextAt, ...more });

export const SAGAS: readonly Mutant[] = [
  {
    red: 'sagas.alive',
    because: 'a saga was forgotten',
    tamper: on('orders', openOrder('b9')),
  },
  {
    red: 'sagas.alive',
    because: 'a saga is parked for a person',
    tamper: on('orders', openOrder('b9'), underWay('b9', IN_A_MINUTE, { stuck: 'TRUE' })),
  },
  {
    red: 'sagas.alive',
    because: 'the sweep is to look at a saga at no time',
    tamper: on('orders', openOrder('b9'), underWay('b9', 'NULL')),
  },
  {
    red: 'sagas.alive',
    because: 'nobody took up a saga that is due',
    tamper: on('orders', openOrder('b9'), underWay('b9', "'2026-01-01'")),
  },
  {
    red: 'sagas.alive',
    because: 'the sweep is to look at a saga long after it is due',
    tamper: on('orders', openOrder('b9'), underWay('b9'), `UPDATE sagas SET next_at = '2099-01-01' WHERE id = '${id('b9')}'`),
  },
  {
    red: 'sagas.alive',
    because: 'a saga that the sweep is to look at awaits nothing by then',
    tamper: on(
      'orders',
      openOrder('b9'),
      underWay('b9'),
      `UPDATE sagas SET progress = JSON_SET(progress, '$.nextAt', NULL) WHERE id = '${id('b9')}'`,
    ),
  },
  {
    red: 'sagas.alive',
    because: 'where a saga stands was cut off',
    tamper: on('orders', openOrder('b9'), underWay('b9'), `UPDATE sagas SET progress = LEFT(progress, 12) WHERE id = '${id('b9')}'`),
  },
  {
    red: 'sagas.alive',
    because: 'where an ended saga stands was cut off',
    tamper: on('orders', `UPDATE sagas SET progress = LEFT(progress, 12) WHERE id = '${PAID}'`),
  },
  {
    red: 'sagas.alive',
    because: 'a saga is under way without its order',
    tamper: on('orders', underWay('b9')),
  },
  {
    red: 'sagas.alive',
    because: 'a saga has ended without its order',
    tamper: on('orders', saga(id('b9'), ['PENDING', 'VALIDATING', 'CANCELLED'], ended('REFUSED'))),
  },
  {
    red: 'sagas.alive',
    because: 'a saga is written down under another order',
    tamper: on('orders', `UPDATE sagas SET order_id = '${PAID}' WHERE id = '${FAILED}'`),
  },
  {
    red: 'sagas.alive',
    because: 'an order was completed whose saga was refused',
    tamper: on('orders', `UPDATE sagas SET outcome = 'REFUSED', event_type = 'jumun.orders.v1.OrderCancelled' WHERE id = '${PAID}'`),
  },
  {
    red: 'sagas.alive',
    because: 'the end of a saga was not written to its order',
    tamper: on('orders', `UPDATE orders SET status = 'VALIDATING', payment_status = 'PENDING' WHERE id = '${PAID}'`),
  },
  {
    red: 'sagas.alive',
    because: 'an order was cancelled without its saga',
    tamper: on('orders', dueAt(FAILED, IN_A_MINUTE, ', outcome = NULL, event_type = NULL, event_payload = NULL, event_sent_at = NULL')),
  },
  {
    red: 'orders.history-allowed',
    because: 'an order was completed without being paid first',
    tamper: on('orders', forgotten(PAID, 'PROCESSING')),
  },
  {
    red: 'orders.history-allowed',
    because: 'the end of an order is missing in its history',
    tamper: on('orders', forgotten(PAID, 'COMPLETED')),
  },
  {
    red: 'orders.history-allowed',
    because: 'a history was not written at all',
    tamper: on('orders', `UPDATE sagas SET timeline = '' WHERE id = '${FAILED}'`),
  },
  {
    red: 'orders.history-allowed',
    because: 'a history was cut off',
    tamper: on('orders', `UPDATE sagas SET timeline = LEFT(timeline, 30) WHERE id = '${PAID}'`),
  },
  {
    red: 'orders.event-sent',
    because: 'the end of an order was never told',
    tamper: on('orders', `UPDATE sagas SET event_sent_at = NULL, updated_at = '2026-01-01' WHERE id = '${FAILED}'`),
  },
  {
    red: 'orders.event-sent',
    because: 'an order ended without an event',
    tamper: on('orders', `UPDATE sagas SET event_type = NULL WHERE id = '${FAILED}'`),
  },
  {
    red: 'orders.event-sent',
    because: 'the event of a completed order says that it was cancelled',
    tamper: on('orders', `UPDATE sagas SET event_type = 'jumun.orders.v1.OrderCancelled' WHERE id = '${PAID}'`),
  },
  {
    red: 'orders.event-sent',
    because: 'what was told of an order is not known any more',
    tamper: on('orders', `UPDATE sagas SET event_payload = NULL WHERE id = '${PAID}'`),
  },
];

import type { Schema } from './books.ts';
import { COUPON, dueAt, ended, EVENT, FAILED, forgotten, id, OPTION, PAID, saga, told, USER } from './books.fixture.ts';

type Tampering = readonly (readonly [schema: Schema, statement: string])[];

/** What a broken service would leave behind, and the one invariant that must see it. */
export interface Mutant {
  readonly red: string;
  readonly because: string;
  readonly tamper: Tampering;
}

const on = (schema: Schema, ...statements: string[]): Tampering => statements.map((statement) => [schema, statement]);

/** A command and its answer, as a participant's inbox keeps them. */
const answered = (commandId: string, replyType: string): string =>
  `INSERT INTO inbox (id, claim, reply_type, reply) VALUES ('${commandId}', '${id('f1')}', '${replyType}', '{}')`;

const openOrder = (name: string): string =>
  `INSERT INTO orders (id, user_id, status, payment_mode, subtotal, discount, total, payment_status) VALUES ('${id(name)}', '${USER}', 'VALIDATING', 'IMMEDIATE', 1, 0, 1, 'PENDING')`;

const IN_A_MINUTE = 'UTC_TIMESTAMP(3) + INTERVAL 1 MINUTE';
/** The saga of an open order in its first stage. */
const underWay = (name: string, nextAt = IN_A_MINUTE, more: Readonly<Record<string, string>> = {}): string =>
  saga(id(name), ['PENDING', 'VALIDATING'], { next_at: nextAt, ...more });

const MONEY: readonly Mutant[] = [
  {
    red: 'wallet.balance-equals-ledger',
    because: 'a balance was set by hand',
    tamper: on('wallet', 'UPDATE wallets SET balance = 8101'),
  },
  {
    red: 'wallet.balance-equals-ledger',
    because: 'a wallet was deleted, its entries were not',
    tamper: on('wallet', 'DELETE FROM wallets'),
  },
  {
    red: 'wallet.balance-equals-ledger',
    because: 'money was charged to a user without a wallet',
    tamper: on(
      'wallet',
      `INSERT INTO ledger (id, user_id, version, type, amount, balance_after, cause_id) VALUES ('${id('e8')}', '${id('a2')}', 1, 'CHARGE', 500, 500, '${id('e8')}')`,
    ),
  },
  {
    red: 'wallet.never-negative',
    because: 'a wallet was debited without looking',
    tamper: on(
      'wallet',
      `INSERT INTO wallets (user_id, balance, version) VALUES ('${id('a2')}', 0, 2)`,
      `INSERT INTO ledger (id, user_id, version, type, amount, balance_after, cause_id) VALUES
         ('${id('e8')}', '${id('a2')}', 1, 'CHARGE', -500, -500, '${id('e8')}'), ('${id('e9')}', '${id('a2')}', 2, 'CHARGE', 500, 0, '${id('e9')}')`,
    ),
  },
  {
    red: 'wallet.ledger-unbroken',
    because: 'an entry was changed afterwards',
    tamper: on('wallet', `UPDATE ledger SET balance_after = 9000 WHERE id = '${id('e1')}'`),
  },
  {
    red: 'wallet.ledger-unbroken',
    because: 'an entry is missing between two others',
    tamper: on('wallet', `UPDATE ledger SET version = 3 WHERE id = '${id('e2')}'`, 'UPDATE wallets SET version = 3'),
  },
  {
    red: 'wallet.ledger-unbroken',
    because: 'a wallet is ahead of its last entry',
    tamper: on('wallet', 'UPDATE wallets SET version = 3'),
  },
  {
    red: 'wallet.ledger-unbroken',
    because: 'a payment is shown with an order that it was not for',
    tamper: on('wallet', `UPDATE ledger SET order_id = '${FAILED}' WHERE id = '${id('e2')}'`),
  },
  {
    red: 'wallet.ledger-unbroken',
    because: 'a payment is shown without its order',
    tamper: on('wallet', `UPDATE ledger SET order_id = NULL WHERE id = '${id('e2')}'`),
  },
  {
    red: 'wallet.ledger-unbroken',
    because: 'the cause of a charge was changed',
    tamper: on('wallet', `UPDATE ledger SET cause_id = '${id('99')}' WHERE id = '${id('e1')}'`),
  },
  {
    red: 'wallet.ledger-unbroken',
    because: 'a charge is shown with an order',
    tamper: on('wallet', `UPDATE ledger SET order_id = '${PAID}' WHERE id = '${id('e1')}'`),
  },
  {
    red: 'orders.paid-exactly-once',
    because: 'the debit was of another amount than the total',
    tamper: on('orders', `UPDATE orders SET subtotal = 2500, total = 2400 WHERE id = '${PAID}'`),
  },
  {
    red: 'orders.paid-exactly-once',
    because: 'a redelivered debit ran again, without the inbox check and the unique key of the ledger',
    tamper: on(
      'wallet',
      `INSERT INTO ledger (id, user_id, version, type, amount, balance_after, cause_id, order_id) VALUES ('${id('e3')}', '${USER}', 3, 'PAYMENT', -1900, 6200, '${PAID}', '${PAID}')`,
      'UPDATE wallets SET balance = 6200, version = 3',
    ),
  },
  {
    red: 'orders.paid-exactly-once',
    because: "another user's wallet was debited",
    tamper: on(
      'wallet',
      `DELETE FROM ledger WHERE id = '${id('e2')}'`,
      `UPDATE wallets SET balance = 10000, version = 1 WHERE user_id = '${USER}'`,
      `INSERT INTO wallets (user_id, balance, version) VALUES ('${id('a2')}', 8100, 2)`,
      `INSERT INTO ledger (id, user_id, version, type, amount, balance_after, cause_id, order_id) VALUES
         ('${id('e8')}', '${id('a2')}', 1, 'CHARGE', 10000, 10000, '${id('e8')}', NULL), ('${id('e9')}', '${id('a2')}', 2, 'PAYMENT', -1900, 8100, '${PAID}', '${PAID}')`,
    ),
  },
  {
    red: 'orders.paid-exactly-once',
    because: 'an order was cancelled, and its payment kept',
    tamper: [
      ...on(
        'wallet',
        `INSERT INTO ledger (id, user_id, version, type, amount, balance_after, cause_id, order_id) VALUES ('${id('e3')}', '${USER}', 3, 'PAYMENT', -1000, 7100, '${FAILED}', '${FAILED}')`,
        'UPDATE wallets SET balance = 7100, version = 3',
        answered(`${FAILED}/pay/1`, 'jumun.wallet.v1.WalletDebited'),
      ),
      ...on('orders', told(FAILED, ['wallet:WalletDebited'])),
    ],
  },
  {
    red: 'orders.paid-exactly-once',
    because: 'an order was paid that was rolled back',
    tamper: on(
      'wallet',
      `INSERT INTO ledger (id, user_id, version, type, amount, balance_after, cause_id, order_id) VALUES ('${id('e3')}', '${USER}', 3, 'PAYMENT', -1000, 7100, '${id('b7')}', '${id('b7')}')`,
      'UPDATE wallets SET balance = 7100, version = 3',
      answered(`${id('b7')}/pay/1`, 'jumun.wallet.v1.WalletDebited'),
    ),
  },
  {
    red: 'orders.paid-exactly-once',
    because: 'an order was paid in two parts, without the unique key of the ledger',
    tamper: on(
      'wallet',
      `UPDATE ledger SET amount = -1000, balance_after = 9000 WHERE id = '${id('e2')}'`,
      `INSERT INTO ledger (id, user_id, version, type, amount, balance_after, cause_id, order_id) VALUES ('${id('e3')}', '${USER}', 3, 'PAYMENT', -900, 8100, '${PAID}', '${PAID}')`,
      'UPDATE wallets SET version = 3',
    ),
  },
  {
    red: 'orders.debit-heard',
    because: 'a debit was answered for an order that was rolled back, and rolled back itself',
    tamper: on('wallet', answered(`${id('b7')}/pay/1`, 'jumun.wallet.v1.WalletDebited')),
  },
  {
    red: 'orders.debit-heard',
    because: 'an order was cancelled that had been paid, which its saga had not heard',
    tamper: on(
      'wallet',
      `INSERT INTO ledger (id, user_id, version, type, amount, balance_after, cause_id, order_id) VALUES
         ('${id('e3')}', '${USER}', 3, 'PAYMENT', -1000, 7100, '${FAILED}', '${FAILED}'), ('${id('e4')}', '${USER}', 4, 'REFUND', 1000, 8100, '${FAILED}', '${FAILED}')`,
      'UPDATE wallets SET version = 4',
      answered(`${FAILED}/pay/1`, 'jumun.wallet.v1.WalletDebited'),
    ),
  },
  {
    red: 'orders.debit-heard',
    because: 'a saga went on as if it had been paid',
    tamper: on('orders', told(FAILED, ['wallet:WalletDebited'])),
  },
  {
    red: 'orders.debit-heard',
    because: 'a debit was answered before its transaction, which then rolled back',
    tamper: on('wallet', answered(`${FAILED}/pay/1`, 'jumun.wallet.v1.WalletDebited')),
  },
  {
    red: 'orders.debit-heard',
    because: 'an order was completed without having waited for the wallet',
    tamper: on('orders', forgotten(PAID, 'WalletDebited')),
  },
  {
    red: 'orders.debit-heard',
    because: 'an answer moved a saga twice',
    tamper: on('orders', forgotten(PAID, 'COMPLETED'), told(PAID, ['wallet:WalletDebited', 'COMPLETED'])),
  },
  { red: 'inbox.wallet.one-effect', because: 'a debit ran without the inbox check', tamper: on('wallet', 'DELETE FROM inbox') },
  {
    red: 'inbox.wallet.one-effect',
    because: 'a debit was answered under two ids',
    tamper: on('wallet', answered(`${PAID}/pay/2`, 'jumun.wallet.v1.WalletDebited')),
  },
];

const STOCK: readonly Mutant[] = [
  {
    red: 'stock.adds-up',
    because: 'units appeared from nowhere',
    tamper: on('catalog', 'UPDATE stock SET available = available + 1'),
  },
  {
    red: 'stock.adds-up',
    because: 'the stock of an option was deleted',
    tamper: on('catalog', 'DELETE FROM stock'),
  },
  {
    red: 'stock.adds-up',
    because: 'units were brought in for an option without stock',
    tamper: on(
      'catalog',
      `INSERT INTO stock_movements (option_id, type, delta, on_hand_after, cause_id) VALUES ('${id('c8')}', 'INITIAL', 5, 5, '${id('c8')}')`,
    ),
  },
  {
    red: 'stock.adds-up',
    because: 'an option was reserved that has no stock',
    tamper: on('catalog', `UPDATE reservations SET option_id = '${id('c8')}' WHERE order_id = '${FAILED}'`),
  },
  {
    red: 'stock.never-oversold',
    because: 'more was sold than there was',
    tamper: on(
      'catalog',
      'UPDATE stock SET available = available - 14',
      "UPDATE stock_movements SET delta = delta - 14 WHERE type = 'ADJUSTMENT'",
    ),
  },
  {
    red: 'stock.never-oversold',
    because: 'more was put back than had been sold',
    tamper: on(
      'catalog',
      `INSERT INTO stock_movements (option_id, type, delta, on_hand_after, cause_id) VALUES ('${OPTION}', 'RESTOCK', 3, 16, '${id('c7')}')`,
      'UPDATE stock SET available = 16, sold = -1',
    ),
  },
  {
    red: 'stock.reserved-is-held',
    because: 'a release forgot its reservation row',
    tamper: on('catalog', 'UPDATE stock SET available = available - 1, reserved = reserved + 1'),
  },
  {
    red: 'stock.sold-is-moved',
    because: 'a sale was not written down',
    tamper: on('catalog', "UPDATE stock_movements SET delta = -1 WHERE type = 'SALE'"),
  },
  {
    red: 'stock.sold-is-moved',
    because: 'a sale was written down of what had been released',
    tamper: on(
      'catalog',
      `INSERT INTO stock_movements (option_id, type, delta, on_hand_after, cause_id, order_id) VALUES ('${OPTION}', 'SALE', -1, 12, '${FAILED}', '${FAILED}')`,
      'UPDATE stock SET available = available - 1, sold = sold + 1',
    ),
  },
  {
    red: 'stock.sold-is-moved',
    because: 'a redelivered commit ran again, without the inbox check and the unique key of the movements',
    tamper: on(
      'catalog',
      `INSERT INTO stock_movements (option_id, type, delta, on_hand_after, cause_id, order_id) VALUES ('${OPTION}', 'SALE', -2, 11, '${PAID}', '${PAID}')`,
      'UPDATE stock SET available = available - 2, sold = sold + 2',
    ),
  },
  {
    red: 'orders.sold-as-ordered',
    because: 'an order completed with other units than it had reserved',
    tamper: on('orders', `UPDATE order_lines SET quantity = 3 WHERE order_id = '${PAID}'`),
  },
  {
    red: 'orders.sold-as-ordered',
    because: 'an order was sold what it had not ordered as well',
    tamper: on(
      'catalog',
      `INSERT INTO stock (option_id, product_id, available, reserved, sold, version) VALUES ('${id('c2')}', '${id('c0')}', 4, 0, 1, 2)`,
      `INSERT INTO reservations (order_id, option_id, quantity, status) VALUES ('${PAID}', '${id('c2')}', 1, 'COMMITTED')`,
      `INSERT INTO stock_movements (option_id, type, delta, on_hand_after, cause_id, order_id) VALUES
         ('${id('c2')}', 'INITIAL', 5, 5, '${id('c2')}', NULL), ('${id('c2')}', 'SALE', -1, 4, '${PAID}', '${PAID}')`,
    ),
  },
  {
    red: 'orders.sold-as-ordered',
    because: 'the compensation of its stock was skipped',
    tamper: on(
      'catalog',
      `UPDATE reservations SET status = 'RESERVED' WHERE order_id = '${FAILED}'`,
      'UPDATE stock SET available = available - 1, reserved = reserved + 1',
      `DELETE FROM inbox WHERE id = '${FAILED}/reserve.stock.undo/1'`,
    ),
  },
  {
    red: 'orders.sold-as-ordered',
    because: 'units were sold to an order that was cancelled',
    tamper: on(
      'catalog',
      `UPDATE reservations SET status = 'COMMITTED' WHERE order_id = '${FAILED}'`,
      'UPDATE stock SET available = available - 1, sold = sold + 1',
      `INSERT INTO stock_movements (option_id, type, delta, on_hand_after, cause_id, order_id) VALUES ('${OPTION}', 'SALE', -1, 12, '${FAILED}', '${FAILED}')`,
      `UPDATE inbox SET reply_type = 'jumun.inventory.v1.StockCommitted' WHERE id = '${FAILED}/reserve.stock.undo/1'`,
    ),
  },
  {
    red: 'orders.sold-as-ordered',
    because: 'the stock of a completed order was released',
    tamper: on(
      'catalog',
      `UPDATE reservations SET status = 'RELEASED' WHERE order_id = '${PAID}'`,
      `DELETE FROM stock_movements WHERE cause_id = '${PAID}'`,
      'UPDATE stock SET available = available + 2, sold = 0',
      `UPDATE inbox SET reply_type = 'jumun.inventory.v1.StockReleased' WHERE id = '${PAID}/commit.stock/1'`,
    ),
  },
  {
    red: 'orders.sold-as-ordered',
    because: 'stock was released for an order that was rolled back',
    tamper: on(
      'catalog',
      `INSERT INTO reservations (order_id, option_id, quantity, status) VALUES ('${id('b5')}', '${OPTION}', 1, 'RELEASED')`,
      answered(`${id('b5')}/reserve.stock/1`, 'jumun.inventory.v1.StockReserved'),
      answered(`${id('b5')}/reserve.stock.undo/1`, 'jumun.inventory.v1.StockReleased'),
    ),
  },
  {
    red: 'inbox.catalog.one-effect',
    because: 'a reply was published before its transaction, which then rolled back',
    tamper: on('catalog', answered(`${id('b7')}/reserve.stock/1`, 'jumun.inventory.v1.StockReserved')),
  },
  {
    red: 'inbox.catalog.one-effect',
    because: 'a commit was answered before its transaction, which then rolled back',
    tamper: on('catalog', answered(`${id('b7')}/commit.stock/1`, 'jumun.inventory.v1.StockCommitted')),
  },
  {
    red: 'inbox.catalog.one-effect',
    because: 'a reservation was made without the inbox check',
    tamper: on('catalog', `DELETE FROM inbox WHERE id = '${PAID}/reserve.stock/1'`),
  },
  {
    red: 'inbox.catalog.one-effect',
    because: 'a commit was carried out under two ids',
    tamper: on('catalog', answered(`${PAID}/commit.stock/2`, 'jumun.inventory.v1.StockCommitted')),
  },
  {
    red: 'inbox.catalog.one-effect',
    because: 'a release ran without the inbox check',
    tamper: on('catalog', `DELETE FROM inbox WHERE id = '${FAILED}/reserve.stock.undo/1'`),
  },
];

const COUPONS: readonly Mutant[] = [
  {
    red: 'coupons.issued-counted',
    because: 'two grants took the same place',
    tamper: on('coupon', 'UPDATE coupon_events SET issued = 2'),
  },
  {
    red: 'coupons.issued-counted',
    because: 'more were issued than there are',
    tamper: on('coupon', 'UPDATE coupon_events SET total_quantity = 0'),
  },
  {
    red: 'coupons.issued-counted',
    because: 'a user was granted two, without the unique key of the coupons',
    tamper: on(
      'coupon',
      `INSERT INTO coupons (id, event_id, user_id, status, expires_at) VALUES ('${id('d3')}', '${EVENT}', '${USER}', 'AVAILABLE', '2027-02-01')`,
      'UPDATE coupon_events SET issued = 2',
    ),
  },
  {
    red: 'coupons.used-by-one-order',
    because: 'the coupon was given back although its order was completed',
    tamper: on(
      'coupon',
      `UPDATE coupons SET status = 'AVAILABLE', order_id = NULL WHERE id = '${COUPON}'`,
      `UPDATE inbox SET reply_type = 'jumun.coupon.v1.CouponReleased' WHERE id = '${PAID}/commit.coupon/1'`,
    ),
  },
  {
    red: 'coupons.used-by-one-order',
    because: 'the coupon was held for an order that went on without it',
    tamper: on('orders', `UPDATE orders SET coupon_id = '${id('d9')}' WHERE id = '${PAID}'`),
  },
  {
    red: 'coupons.used-by-one-order',
    because: 'a coupon was used by an order without one',
    tamper: on('orders', `UPDATE orders SET coupon_id = NULL WHERE id = '${PAID}'`),
  },
  {
    red: 'coupons.used-by-one-order',
    because: "another user's coupon was used",
    tamper: on(
      'coupon',
      `UPDATE coupons SET user_id = '${id('a3')}' WHERE id = '${COUPON}'`,
      `UPDATE idempotency SET caller = '${id('a3')}'`,
    ),
  },
  {
    red: 'coupons.used-by-one-order',
    because: 'a coupon is held by an order that was rolled back',
    tamper: on(
      'coupon',
      `INSERT INTO coupons (id, event_id, user_id, status, order_id, expires_at) VALUES ('${id('d3')}', '${EVENT}', '${id('a3')}', 'HELD', '${id('b7')}', '2027-02-01')`,
      'UPDATE coupon_events SET issued = 2',
      answered(`${id('b7')}/reserve.coupon/1`, 'jumun.coupon.v1.CouponHeld'),
    ),
  },
  {
    red: 'coupons.used-by-one-order',
    because: 'the compensation of its coupon was skipped',
    tamper: [
      ...on(
        'coupon',
        `INSERT INTO coupons (id, event_id, user_id, status, order_id, expires_at) VALUES ('${id('d3')}', '${EVENT}', '${id('a3')}', 'HELD', '${FAILED}', '2027-02-01')`,
        'UPDATE coupon_events SET issued = 2',
        answered(`${FAILED}/reserve.coupon/1`, 'jumun.coupon.v1.CouponHeld'),
      ),
      ...on('orders', `UPDATE orders SET coupon_id = '${id('d3')}', user_id = '${id('a3')}' WHERE id = '${FAILED}'`),
    ],
  },
  {
    red: 'inbox.coupon.one-effect',
    because: 'a use ran without the inbox check',
    tamper: on('coupon', `DELETE FROM inbox WHERE id = '${PAID}/commit.coupon/1'`),
  },
  {
    red: 'inbox.coupon.one-effect',
    because: 'a hold ran without the inbox check',
    tamper: on('coupon', `DELETE FROM inbox WHERE id = '${PAID}/reserve.coupon/1'`),
  },
  {
    red: 'inbox.coupon.one-effect',
    because: 'a hold was carried out under two ids',
    tamper: on('coupon', answered(`${PAID}/reserve.coupon/2`, 'jumun.coupon.v1.CouponHeld')),
  },
  {
    red: 'inbox.coupon.one-effect',
    because: 'a hold was carried out under two ids, and undone once',
    tamper: on(
      'coupon',
      answered(`${FAILED}/reserve.coupon/1`, 'jumun.coupon.v1.CouponHeld'),
      answered(`${FAILED}/reserve.coupon/2`, 'jumun.coupon.v1.CouponHeld'),
      answered(`${FAILED}/reserve.coupon.undo/1`, 'jumun.coupon.v1.CouponReleased'),
    ),
  },
  {
    red: 'inbox.coupon.one-effect',
    because: 'a hold was answered before its transaction, which then rolled back',
    tamper: on('coupon', answered(`${FAILED}/reserve.coupon/1`, 'jumun.coupon.v1.CouponHeld')),
  },
  {
    red: 'inbox.coupon.one-effect',
    because: 'a use was answered before its transaction, which then rolled back',
    tamper: on('coupon', answered(`${FAILED}/commit.coupon/1`, 'jumun.coupon.v1.CouponUsed')),
  },
  {
    red: 'inbox.coupon.one-effect',
    because: 'a release was answered, but not carried out',
    tamper: on('coupon', answered(`${PAID}/reserve.coupon.undo/1`, 'jumun.coupon.v1.CouponReleased')),
  },
];

const SAGAS: readonly Mutant[] = [
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

const EVERYWHERE: readonly Mutant[] = [
  ...(['wallet', 'catalog', 'coupon'] as const).flatMap((schema) => [
    {
      red: `inbox.${schema}.answered`,
      because: 'a claim was committed without its decision',
      tamper: on(schema, `INSERT INTO inbox (id, claim) VALUES ('${id('b8')}/x/1', '${id('f1')}')`),
    },
    {
      red: `inbox.${schema}.answered`,
      because: 'an answer was stored without what it says',
      tamper: on(schema, 'UPDATE inbox SET reply = NULL'),
    },
    {
      red: `outbox.${schema}.sent`,
      because: 'the poller never came by',
      tamper: on(schema, "UPDATE outbox SET sent_at = NULL, created_at = '2026-01-01'"),
    },
  ]),
  ...(['wallet', 'catalog', 'coupon', 'orders'] as const).map((schema) => ({
    red: `idempotency.${schema}.points-to-effect`,
    because: 'a key was kept although its effect was rolled back',
    tamper: on(schema, `UPDATE idempotency SET effect_id = '${id('99')}'`),
  })),
  ...(['wallet', 'coupon', 'orders'] as const).map((schema) => ({
    red: `idempotency.${schema}.points-to-effect`,
    because: "a key leads to what is another user's",
    tamper: on(schema, `UPDATE idempotency SET caller = '${id('a3')}'`),
  })),
  {
    red: 'idempotency.wallet.points-to-effect',
    because: 'a key leads to a payment, which nobody calls for',
    tamper: on('wallet', `UPDATE idempotency SET effect_id = '${id('e2')}'`),
  },
  {
    red: 'idempotency.catalog.points-to-effect',
    because: 'a key leads to a sale, which nobody calls for',
    tamper: on('catalog', `UPDATE idempotency SET effect_id = '${PAID}'`),
  },
];

export const MUTANTS: readonly Mutant[] = [...MONEY, ...STOCK, ...COUPONS, ...SAGAS, ...EVERYWHERE];

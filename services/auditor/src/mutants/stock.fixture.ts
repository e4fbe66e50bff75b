import { FAILED, id, OPTION, PAID } from '../books.fixture.ts';
import { answered, type Mutant, on } from './mutant.fixture.ts';

export const STOCK: readonly Mutant[] = [
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
    because: 'a reservation was answered without its effect, under an id that no saga makes',
    tamper: on('catalog', answered(id('b7'), 'jumun.inventory.v1.StockReserved')),
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

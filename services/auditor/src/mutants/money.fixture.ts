import { FAILED, forgotten, id, PAID, told, USER } from '../books.fixture.ts';
import { answered, type Mutant, on } from './mutant.fixture.ts';

export const MONEY: readonly Mutant[] = [
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
    because: 'a debit was answered without its effect, under an id that no saga makes',
    tamper: on('wallet', answered(id('b7'), 'jumun.wallet.v1.WalletDebited')),
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

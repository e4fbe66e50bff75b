import { audit } from './audit.ts';
import type { Schema } from './books.ts';
import { COUPON, EVENT, FAILED, history, id, OPTION, PAID, type TestBooks, testBooks, USER } from './books.fixture.ts';
import { checks } from './checks/index.ts';

/** What a broken service would leave behind, and the one invariant that must see it. */
const MUTANTS: readonly { red: string; because: string; schema: Schema; tamper: string[] }[] = [
  {
    red: 'wallet.balance-equals-ledger',
    because: 'a balance was set by hand',
    schema: 'wallet',
    tamper: ['UPDATE wallets SET balance = 8101'],
  },
  {
    red: 'wallet.never-negative',
    because: 'a wallet was debited without looking',
    schema: 'wallet',
    tamper: [
      `INSERT INTO wallets (user_id, balance, version) VALUES ('${id('a2')}', 0, 2)`,
      `INSERT INTO ledger (id, user_id, version, type, amount, balance_after, cause_id) VALUES
         ('${id('e8')}', '${id('a2')}', 1, 'CHARGE', -500, -500, '${id('e8')}'), ('${id('e9')}', '${id('a2')}', 2, 'CHARGE', 500, 0, '${id('e9')}')`,
    ],
  },
  {
    red: 'wallet.ledger-unbroken',
    because: 'an entry was changed afterwards',
    schema: 'wallet',
    tamper: [`UPDATE ledger SET balance_after = 9000 WHERE id = '${id('e1')}'`],
  },
  {
    red: 'orders.paid-exactly-once',
    because: 'the debit was of another amount than the total',
    schema: 'orders',
    tamper: [`UPDATE orders SET subtotal = 2500, total = 2400 WHERE id = '${PAID}'`],
  },
  {
    red: 'stock.adds-up',
    because: 'units appeared from nowhere',
    schema: 'catalog',
    tamper: ['UPDATE stock SET available = available + 1'],
  },
  {
    red: 'stock.never-oversold',
    because: 'more was sold than there was',
    schema: 'catalog',
    tamper: ['UPDATE stock SET available = available - 14', "UPDATE stock_movements SET delta = delta - 14 WHERE type = 'ADJUSTMENT'"],
  },
  {
    red: 'stock.reserved-is-held',
    because: 'a release forgot its reservation row',
    schema: 'catalog',
    tamper: ['UPDATE stock SET available = available - 1, reserved = reserved + 1'],
  },
  {
    red: 'stock.sold-is-moved',
    because: 'a sale was not written down',
    schema: 'catalog',
    tamper: [`UPDATE stock_movements SET delta = -1 WHERE type = 'SALE'`],
  },
  {
    red: 'orders.sold-as-ordered',
    because: 'an order completed with other units than it had reserved',
    schema: 'orders',
    tamper: [`UPDATE order_lines SET quantity = 3 WHERE order_id = '${PAID}'`],
  },
  {
    red: 'coupons.issued-counted',
    because: 'two grants took the same place',
    schema: 'coupon',
    tamper: ['UPDATE coupon_events SET issued = 2'],
  },
  {
    red: 'coupons.used-by-one-order',
    because: 'the coupon was given back although its order was completed',
    schema: 'coupon',
    tamper: [`UPDATE coupons SET status = 'AVAILABLE', used_by = NULL WHERE id = '${COUPON}'`],
  },
  {
    red: 'sagas.alive',
    because: 'a saga was forgotten',
    schema: 'orders',
    tamper: [
      `INSERT INTO orders (id, user_id, status, payment_mode, subtotal, discount, total, payment_status) VALUES ('${id('b9')}', '${USER}', 'VALIDATING', 'IMMEDIATE', 1, 0, 1, 'PENDING')`,
      history(id('b9'), ['PENDING', 'VALIDATING']),
    ],
  },
  {
    red: 'orders.history-allowed',
    because: 'an order was completed without being paid first',
    schema: 'orders',
    tamper: [`DELETE FROM timeline WHERE order_id = '${PAID}' AND entries LIKE '%PROCESSING%'`],
  },
  {
    red: 'orders.event-sent',
    because: 'the end of an order was never told',
    schema: 'orders',
    tamper: [`UPDATE sagas SET event_sent_at = NULL, updated_at = '2026-01-01' WHERE id = '${FAILED}'`],
  },
  { red: 'inbox.wallet.one-effect', because: 'a debit ran without the inbox check', schema: 'wallet', tamper: [`DELETE FROM inbox`] },
  {
    red: 'inbox.catalog.one-effect',
    because: 'a reply was published before its transaction, which then rolled back',
    schema: 'catalog',
    tamper: [
      `INSERT INTO inbox (id, claim, reply_type, reply) VALUES ('${id('b7')}/reserve.stock/1', '${id('f1')}', 'jumun.inventory.v1.StockReserved', '{}')`,
    ],
  },
  ...(['wallet', 'catalog', 'coupon'] as const).map((schema) => ({
    red: `inbox.${schema}.answered`,
    because: 'a claim was committed without its decision',
    schema,
    tamper: [`INSERT INTO inbox (id, claim) VALUES ('${id('b8')}/x/1', '${id('f1')}')`],
  })),
  ...(['wallet', 'catalog', 'coupon'] as const).map((schema) => ({
    red: `outbox.${schema}.sent`,
    because: 'the poller never came by',
    schema,
    tamper: ["UPDATE outbox SET sent_at = NULL, created_at = '2026-01-01'"],
  })),
  ...(['wallet', 'catalog', 'coupon', 'orders'] as const).map((schema) => ({
    red: `idempotency.${schema}.points-to-effect`,
    because: 'a key was kept although its effect was rolled back',
    schema,
    tamper: [`UPDATE idempotency SET effect_id = '${id('99')}'`],
  })),
];

describe('the auditor', () => {
  let given: TestBooks;
  beforeAll(async () => {
    given = await testBooks();
  });
  afterAll(() => given.drop());
  beforeEach(() => given.reset());

  const redOnes = async (strict: boolean): Promise<string[]> =>
    (await audit(given.books, checks, { strict, lookAgainAfterMs: [1, 1] })).checks.filter(({ ok }) => !ok).map(({ name }) => name);

  it('finds that honest books agree, at rest and busy', async () => {
    expect(await redOnes(true)).toEqual([]);
    expect(await redOnes(false)).toEqual([]);
  });

  it('has a mutant for every invariant', () => {
    expect(MUTANTS.map(({ red }) => red).sort()).toEqual(checks.map(({ name }) => name).sort());
  });

  it.each(MUTANTS)('turns exactly $red red when $because', async ({ red, schema, tamper }) => {
    for (const statement of tamper) await given.tamper(schema, statement);
    expect(await redOnes(false)).toEqual([red]);
    expect(await redOnes(true)).toEqual([red]);
  });

  it('names the rows of a violation', async () => {
    await given.tamper('coupon', `UPDATE coupon_events SET issued = 7 WHERE id = '${EVENT}'`);
    const report = await audit(given.books, checks, { strict: true });
    expect(report.checks.find(({ ok }) => !ok)?.violations).toEqual([{ id: EVENT, message: 'issued 7 of 10, but 1 coupons exist' }]);
  });

  it('does not call an order under way a violation, until the suite is said to be at rest', async () => {
    await given.tamper(
      'catalog',
      `INSERT INTO reservations (order_id, option_id, quantity, status) VALUES ('${id('b6')}', '${OPTION}', 1, 'RESERVED')`,
    );
    await given.tamper('catalog', 'UPDATE stock SET available = available - 1, reserved = reserved + 1');
    await given.tamper(
      'catalog',
      `INSERT INTO inbox (id, claim, reply_type, reply) VALUES ('${id('b6')}/reserve.stock/1', '${id('f1')}', 'jumun.inventory.v1.StockReserved', '{}')`,
    );
    await given.tamper(
      'orders',
      `INSERT INTO orders (id, user_id, status, payment_mode, subtotal, discount, total, payment_status) VALUES ('${id('b6')}', '${USER}', 'VALIDATING', 'IMMEDIATE', 1, 0, 1, 'PENDING')`,
    );
    await given.tamper(
      'orders',
      `INSERT INTO sagas (id, order_id, definition, definition_version, version, progress, data, next_at) VALUES ('${id('b6')}', '${id('b6')}', 'place-order', 1, 1, '{}', '{}', UTC_TIMESTAMP(3) + INTERVAL 1 MINUTE)`,
    );
    await given.tamper('orders', history(id('b6'), ['PENDING', 'VALIDATING']));
    expect(await redOnes(false)).toEqual([]);
    expect(await redOnes(true)).toEqual(['orders.sold-as-ordered', 'sagas.alive']);
  });
});

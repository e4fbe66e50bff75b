import { audit } from './audit.ts';
import { EVENT, id, OPTION, PAID, saga, type TestBooks, testBooks, USER } from './books.fixture.ts';
import { checks } from './checks/index.ts';
import { MUTANTS } from './mutants.fixture.ts';

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
    expect(new Set(MUTANTS.map(({ red }) => red))).toEqual(new Set(checks.map(({ name }) => name)));
  });

  it.each(MUTANTS)('turns exactly $red red when $because', async ({ red, tamper }) => {
    for (const [schema, statement] of tamper) await given.tamper(schema, statement);
    expect(await redOnes(false)).toEqual([red]);
    expect(await redOnes(true)).toEqual([red]);
  });

  it('names the rows of a violation', async () => {
    await given.tamper('coupon', `UPDATE coupon_events SET issued = 7 WHERE id = '${EVENT}'`);
    const report = await audit(given.books, checks, { strict: true });
    expect(report.checks.find(({ ok }) => !ok)?.violations).toEqual([{ id: EVENT, message: 'issued 7 of 10, but 1 coupons exist' }]);
  });

  it('does not ask for the hold of a coupon that was used after days of being parked: the inbox has forgotten it', async () => {
    await given.tamper('orders', `UPDATE orders SET created_at = UTC_TIMESTAMP(3) - INTERVAL 4 DAY WHERE id = '${PAID}'`);
    await given.tamper('coupon', `DELETE FROM inbox WHERE id = '${PAID}/reserve.coupon/1'`);
    expect(await redOnes(true)).toEqual([]);
    await given.tamper('coupon', `DELETE FROM inbox WHERE id = '${PAID}/commit.coupon/1'`);
    expect(await redOnes(true)).toEqual(['inbox.coupon.one-effect']);
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
    await given.tamper('orders', saga(id('b6'), ['PENDING', 'VALIDATING'], { next_at: 'UTC_TIMESTAMP(3) + INTERVAL 1 MINUTE' }));
    expect(await redOnes(false)).toEqual([]);
    expect(await redOnes(true)).toEqual(['orders.sold-as-ordered', 'sagas.alive']);
  });
});

import { audit } from './audit.ts';
import { EVENT, id, OPTION, PAID, saga, type TestBooks, testBooks, told, USER } from './books.fixture.ts';
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

  it('says that a wallet is below zero, whatever its entries say', async () => {
    await given.tamper('wallet', 'UPDATE wallets SET balance = -1');
    expect(await redOnes(true)).toEqual(['wallet.balance-equals-ledger', 'wallet.never-negative']);
  });

  it('says that less than nothing is reserved, whatever orders hold', async () => {
    await given.tamper('catalog', 'UPDATE stock SET available = available + 1, reserved = reserved - 1');
    expect(await redOnes(true)).toEqual(['stock.never-oversold', 'stock.reserved-is-held']);
  });

  it('names an order whose history or saga was cut off, once', async () => {
    await given.tamper('orders', `UPDATE sagas SET timeline = LEFT(timeline, 30), progress = LEFT(progress, 12) WHERE id = '${PAID}'`);
    const report = await audit(given.books, checks, { strict: true });
    expect(report.checks.filter(({ ok }) => !ok).map(({ name, violations }) => ({ name, violations }))).toEqual([
      { name: 'sagas.alive', violations: [{ id: PAID, message: 'where its saga stands cannot be read' }] },
      { name: 'orders.history-allowed', violations: [{ id: PAID, message: 'its history cannot be read' }] },
    ]);
  });

  it('does not ask for the hold of a coupon that was used after days of being parked: the inbox has forgotten it', async () => {
    await given.tamper('orders', `UPDATE orders SET created_at = UTC_TIMESTAMP(3) - INTERVAL 4 DAY WHERE id = '${PAID}'`);
    await given.tamper('coupon', `DELETE FROM inbox WHERE id = '${PAID}/reserve.coupon/1'`);
    expect(await redOnes(true)).toEqual([]);
    await given.tamper('coupon', `DELETE FROM inbox WHERE id = '${PAID}/commit.coupon/1'`);
    expect(await redOnes(true)).toEqual(['inbox.coupon.one-effect']);
  });

  describe('an order under way', () => {
    const OPEN = id('b6');
    const at = (stage: string) =>
      given.tamper('orders', `UPDATE sagas SET progress = JSON_SET(progress, '$.stage', '${stage}') WHERE id = '${OPEN}'`);
    beforeEach(async () => {
      for (const statement of [
        `INSERT INTO reservations (order_id, option_id, quantity, status) VALUES ('${OPEN}', '${OPTION}', 1, 'RESERVED')`,
        'UPDATE stock SET available = available - 1, reserved = reserved + 1',
        `INSERT INTO inbox (id, claim, reply_type, reply) VALUES ('${OPEN}/reserve.stock/1', '${id('f1')}', 'jumun.inventory.v1.StockReserved', '{}')`,
      ])
        await given.tamper('catalog', statement);
      for (const statement of [
        `INSERT INTO orders (id, user_id, status, payment_mode, subtotal, discount, total, payment_status) VALUES ('${OPEN}', '${USER}', 'VALIDATING', 'IMMEDIATE', 0, 0, 0, 'PENDING')`,
        saga(OPEN, ['PENDING', 'VALIDATING'], { next_at: 'UTC_TIMESTAMP(3) + INTERVAL 1 MINUTE' }),
      ])
        await given.tamper('orders', statement);
    });

    it('is no violation, until the suite is said to be at rest', async () => {
      expect(await redOnes(false)).toEqual([]);
      expect(await redOnes(true)).toEqual(['orders.sold-as-ordered', 'sagas.alive']);
    });

    it('stands where its saga does: its history has to end there', async () => {
      await at('pay');
      expect(await redOnes(false)).toEqual(['orders.history-allowed']);
      await given.tamper('orders', told(OPEN, ['PROCESSING']));
      expect(await redOnes(false)).toEqual([]);
      await at('reserve');
      expect(await redOnes(false)).toEqual(['orders.history-allowed']);
    });

    it('may be paid, until the suite is said to be at rest', async () => {
      await given.tamper('orders', `UPDATE orders SET subtotal = 100, total = 100 WHERE id = '${OPEN}'`);
      await given.tamper('orders', told(OPEN, ['PROCESSING', 'wallet:WalletDebited']));
      await at('commit');
      for (const statement of [
        `INSERT INTO ledger (id, user_id, version, type, amount, balance_after, cause_id, order_id) VALUES ('${id('e3')}', '${USER}', 3, 'PAYMENT', -100, 8000, '${OPEN}', '${OPEN}')`,
        'UPDATE wallets SET balance = 8000, version = 3',
        `INSERT INTO inbox (id, claim, reply_type, reply) VALUES ('${OPEN}/pay/1', '${id('f1')}', 'jumun.wallet.v1.WalletDebited', '{}')`,
      ])
        await given.tamper('wallet', statement);
      expect(await redOnes(false)).toEqual([]);
      expect(await redOnes(true)).toEqual(['orders.paid-exactly-once', 'orders.sold-as-ordered', 'sagas.alive']);
    });

    it('holds units of what there is', async () => {
      await given.tamper('catalog', `UPDATE reservations SET option_id = '${id('c8')}' WHERE order_id = '${OPEN}'`);
      await given.tamper('catalog', 'UPDATE stock SET available = available + 1, reserved = reserved - 1');
      expect(await redOnes(false)).toEqual(['stock.adds-up']);
    });

    it('has used no coupon before its saga has left the first stage', async () => {
      await given.tamper('orders', `UPDATE orders SET coupon_id = '${id('d3')}' WHERE id = '${OPEN}'`);
      for (const statement of [
        `INSERT INTO coupon_events (id, name, discount_type, discount_value, total_quantity, issued, opens_at, closes_at, coupon_valid_until)
         VALUES ('${id('d4')}', 'Second', 'FIXED', 100, 10, 1, '2026-01-01', '2027-01-01', '2027-02-01')`,
        `INSERT INTO coupons (id, event_id, user_id, status, order_id, expires_at) VALUES ('${id('d3')}', '${id('d4')}', '${USER}', 'HELD', '${OPEN}', '2027-02-01')`,
        `INSERT INTO inbox (id, claim, reply_type, reply) VALUES ('${OPEN}/reserve.coupon/1', '${id('f1')}', 'jumun.coupon.v1.CouponHeld', '{}')`,
        `INSERT INTO inbox (id, claim, reply_type, reply) VALUES ('${OPEN}/commit.coupon/1', '${id('f1')}', 'jumun.coupon.v1.CouponUsed', '{}')`,
      ])
        await given.tamper('coupon', statement);
      expect(await redOnes(false)).toEqual(['inbox.coupon.one-effect']);
      await given.tamper('coupon', `UPDATE coupons SET status = 'USED' WHERE order_id = '${OPEN}'`);
      expect(await redOnes(false)).toEqual(['coupons.used-by-one-order']);
      await at('commit');
      await given.tamper('orders', told(OPEN, ['PROCESSING']));
      expect(await redOnes(false)).toEqual([]);
    });

    it('has sold nothing before its saga has left the first stage', async () => {
      for (const statement of [
        `UPDATE reservations SET status = 'COMMITTED' WHERE order_id = '${OPEN}'`,
        'UPDATE stock SET reserved = reserved - 1, sold = sold + 1',
        `INSERT INTO stock_movements (option_id, type, delta, on_hand_after, cause_id, order_id) VALUES ('${OPTION}', 'SALE', -1, 12, '${OPEN}', '${OPEN}')`,
        `INSERT INTO inbox (id, claim, reply_type, reply) VALUES ('${OPEN}/commit.stock/1', '${id('f1')}', 'jumun.inventory.v1.StockCommitted', '{}')`,
      ])
        await given.tamper('catalog', statement);
      expect(await redOnes(false)).toEqual(['orders.sold-as-ordered']);
      await at('commit');
      await given.tamper('orders', told(OPEN, ['PROCESSING']));
      expect(await redOnes(false)).toEqual([]);
    });
  });
});

import { chargeRefusal, decideDebit } from './wallet.ts';

const rules = { unit: 1_000, limit: 1_000_000, balanceLimit: 10_000_000 };
const at = new Date('2026-01-02T03:04:05.678Z');
const holding = (balance: number) => ({ balance, version: 7 });

describe('a debit', () => {
  it('takes the amount, down to the last won', () => {
    expect(decideDebit(holding(5_000), { orderId: 'o', amount: 5_000 }, at)).toEqual({
      $type: 'jumun.wallet.v1.WalletDebited',
      balance: 0,
      paidAt: at,
    });
  });

  it('says how much is missing', () => {
    expect(decideDebit(holding(4_999), { orderId: 'o', amount: 5_000 }, at)).toEqual({
      $type: 'jumun.refusals.v1.InsufficientBalance',
      balance: 4_999,
      required: 5_000,
      shortBy: 1,
    });
  });

  it('of nothing is paid by anybody', () => expect(decideDebit(holding(0), { orderId: 'o', amount: 0 }, at)).toMatchObject({ balance: 0 }));

  it('of less than nothing is a bug', () => expect(() => decideDebit(holding(0), { orderId: 'o', amount: -1 }, at)).toThrow('-1 won'));
});

describe('a charge', () => {
  const refused = (balance: number, amount: number) => chargeRefusal(holding(balance), amount, rules)?.$case ?? null;

  it.each([
    ['the unit', 0, 1_000, null],
    ['the most at once', 0, 1_000_000, null],
    ['up to the most held', 9_999_000, 1_000, null],
    ['nothing', 0, 0, 'invalidRequest'],
    ['less than nothing', 0, -1_000, 'invalidRequest'],
    ['a part of the unit', 0, 1_500, 'invalidChargeUnit'],
    ['more than at once', 0, 1_001_000, 'chargeLimitExceeded'],
    ['more than may be held', 9_999_001, 1_000, 'balanceLimitExceeded'],
    ['everything wrong: the unit comes first', 10_000_000, 1_000_001, 'invalidChargeUnit'],
    ['too much in both ways: the charge comes before the balance', 10_000_000, 2_000_000, 'chargeLimitExceeded'],
  ])('of %s', (_, balance, amount, expected) => expect(refused(balance, amount)).toBe(expected));

  it('tells the limit and the balance', () => {
    expect(chargeRefusal(holding(9_999_500), 1_000, rules)).toMatchObject({
      balanceLimitExceeded: { limit: 10_000_000, balance: 9_999_500 },
    });
  });
});

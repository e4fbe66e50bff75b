import { chargeRefusal } from './wallet.ts';

const rules = { unit: 1_000, limit: 1_000_000, balanceLimit: 10_000_000 };
const holding = (balance: number) => ({ balance, version: 7 });

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

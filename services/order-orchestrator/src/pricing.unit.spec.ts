import { applies, type Discount, discountOf, sharesOf, subtotalOf } from './pricing.ts';

const percent = (value: number, more: Partial<Discount> = {}): Discount => ({ type: 'PERCENT', value, ...more });
const fixed = (value: number): Discount => ({ type: 'FIXED', value });
const lines = (...given: [number, number][]) => given.map(([unitPrice, quantity]) => ({ unitPrice, quantity }));

describe('a discount', () => {
  it.each([
    ['a percentage is rounded down to a won', percent(10), 1_999, 199],
    ['a percentage has a ceiling', percent(50, { maxDiscount: 300 }), 1_000, 300],
    ['everything off is free', percent(100), 12_345, 12_345],
    ['a fixed one is taken as it is', fixed(300), 1_000, 300],
    ['a fixed one is at most the subtotal', fixed(5_000), 1_000, 1_000],
    ['of nothing is nothing', percent(10), 0, 0],
    ['is exact beyond 2^53', percent(99), 999_900_000_000_001, 989_901_000_000_000],
  ])('%s', (_, discount, subtotal, won) => expect(discountOf(discount, subtotal)).toBe(won));

  it('applies from its least amount on', () => {
    expect(applies(percent(10, { minOrderAmount: 1_000 }), 999)).toBe(false);
    expect(applies(percent(10, { minOrderAmount: 1_000 }), 1_000)).toBe(true);
    expect(applies(percent(10), 0)).toBe(true);
  });
});

describe('the shares of a discount', () => {
  it('go by largest remainder, ties by line order', () => {
    expect(sharesOf(lines([100, 1], [100, 1], [100, 1]), 100)).toEqual([34, 33, 33]);
    expect(sharesOf(lines([100, 1], [100, 1], [100, 1]), 200)).toEqual([67, 67, 66]);
    expect(sharesOf(lines([1, 1], [2, 1], [4, 1]), 5)).toEqual([1, 1, 3]);
    expect(sharesOf(lines([0, 5], [10, 1]), 3)).toEqual([0, 3]);
  });

  /** mulberry32: the same numbers in every run. */
  const random = (seed: number) => () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };

  it('add up to the discount, and are within a won of the exact part and within the line, for any order', () => {
    const next = random(20_261_127);
    const upTo = (max: number) => Math.floor(next() ** 3 * max) + 1;
    for (let run = 0; run < 1_000; run++) {
      const order = Array.from({ length: upTo(100) }, () => ({ unitPrice: upTo(1_000_000_000), quantity: upTo(9_999) }));
      const subtotal = subtotalOf(order);
      const discount = discountOf(next() < 0.5 ? percent(upTo(100), { maxDiscount: upTo(subtotal) }) : fixed(upTo(2 * subtotal)), subtotal);
      const shares = sharesOf(order, discount);
      expect(shares.reduce((sum, each) => sum + each, 0)).toBe(discount);
      for (const [index, { unitPrice, quantity }] of order.entries()) {
        const share = BigInt(shares[index] ?? -1);
        const exact = BigInt(unitPrice * quantity) * BigInt(discount);
        const floor = exact / BigInt(subtotal);
        if (share !== floor && share !== floor + 1n) throw new Error(`run ${run}: ${share} of ${exact}/${subtotal}`);
        if (share > BigInt(unitPrice * quantity)) throw new Error(`run ${run}: a line costs less than nothing`);
      }
    }
  });
});

/** What a coupon is worth: `value` is percent or won, as `type` says; the other two are won. */
export interface Discount {
  readonly type: 'PERCENT' | 'FIXED';
  readonly value: number;
  readonly maxDiscount?: number | undefined;
  readonly minOrderAmount?: number | undefined;
}

export interface PricedLine {
  readonly unitPrice: number;
  readonly quantity: number;
}

/** Unit price × quantity of all lines, in won, before any discount. */
export const subtotalOf = (lines: readonly PricedLine[]): number =>
  lines.reduce((sum, { unitPrice, quantity }) => sum + unitPrice * quantity, 0);

/** Whether the subtotal reaches what the discount asks for, `minOrderAmount` in won. */
export const applies = ({ minOrderAmount = 0 }: Discount, subtotal: number): boolean => subtotal >= minOrderAmount;

/** floor(part × whole / divisor), exactly: the product may pass 2^53. */
const share = (part: number, whole: number, divisor: number): number => Number((BigInt(part) * BigInt(whole)) / BigInt(divisor));

/**
 * Won off the subtotal (api §5): `PERCENT` rounded down to a won, then `maxDiscount`; `FIXED` at most the subtotal. Never more than the subtotal,
 * so the total may be 0. Whether the discount applies is asked before (`applies`).
 */
export const discountOf = ({ type, value, maxDiscount = Number.MAX_SAFE_INTEGER }: Discount, subtotal: number): number =>
  type === 'PERCENT' ? Math.min(share(subtotal, value, 100), maxDiscount) : Math.min(value, subtotal);

/** Each line's part of the discount in won, by largest remainder, ties by line order (api §5). The parts add up to the discount. */
export const sharesOf = (lines: readonly PricedLine[], discount: number): number[] => {
  const subtotal = subtotalOf(lines);
  if (discount === 0 || subtotal === 0) return lines.map(() => 0);
  const exact = lines.map(({ unitPrice, quantity }) => BigInt(unitPrice * quantity) * BigInt(discount));
  const shares = exact.map((amount) => Number(amount / BigInt(subtotal)));
  const left = discount - shares.reduce((sum, each) => sum + each, 0);
  const byRemainder = exact
    .map((amount, index) => ({ index, remainder: amount % BigInt(subtotal) }))
    .sort((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1));
  for (const { index } of byRemainder.slice(0, left)) shares[index] = (shares[index] ?? 0) + 1;
  return shares;
};

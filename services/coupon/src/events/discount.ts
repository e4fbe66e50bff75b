import { coupon } from '@jumun/protos';

/** A discount as rows have it. */
export interface DiscountColumns {
  readonly discountType: string;
  readonly discountValue: number | bigint;
  readonly maxDiscount: number | bigint | null;
  readonly minOrderAmount: number | bigint | null;
}

const optional = (value: number | bigint | null): number | undefined => (value === null ? undefined : Number(value));

export const toDiscount = ({ discountType, discountValue, maxDiscount, minOrderAmount }: DiscountColumns): coupon.Discount =>
  coupon.Discount.fromPartial({
    type: discountType === 'PERCENT' ? coupon.DiscountType.PERCENT : coupon.DiscountType.FIXED,
    value: Number(discountValue),
    maxDiscount: optional(maxDiscount),
    minOrderAmount: optional(minOrderAmount),
  });

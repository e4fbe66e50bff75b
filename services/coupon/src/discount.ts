import { coupon } from '@jumun/protos';

/** A discount as rows have it. */
export interface DiscountColumns {
  readonly discountType: string;
  /** Percent, or won. */
  readonly discountValue: number;
  readonly maxDiscount: number | null;
  readonly minOrderAmount: number | null;
}

export const toDiscount = ({ discountType, discountValue, maxDiscount, minOrderAmount }: DiscountColumns): coupon.Discount => ({
  $type: 'jumun.coupon.v1.Discount',
  type: discountType === 'PERCENT' ? coupon.DiscountType.PERCENT : coupon.DiscountType.FIXED,
  value: discountValue,
  maxDiscount: maxDiscount ?? undefined,
  minOrderAmount: minOrderAmount ?? undefined,
});

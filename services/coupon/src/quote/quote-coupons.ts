import type { coupon, refusals } from '@jumun/protos';
import { canBeId, type Database } from '@jumun/service-kit';
import { holdRefusal } from '../coupon.ts';
import { toDiscount } from '../discount.ts';
import { type CouponRow, readCoupons } from '../store/coupon-reads.ts';

const refused = (kind: NonNullable<refusals.Refusal['kind']>): coupon.CouponQuote => ({
  $type: 'jumun.coupon.v1.CouponQuote',
  outcome: { $case: 'refused', refused: { $type: 'jumun.refusals.v1.Refusal', kind } },
});

/** The discount that a user's coupon gives now, or the first reason why it gives none. */
export const quoteCoupon = (row: CouponRow | undefined, userId: string): coupon.CouponQuote => {
  const reason = row === undefined ? 'couponNotFound' : holdRefusal(row, userId, row.now);
  if (row === undefined || reason === 'couponNotFound')
    return refused({ $case: 'couponNotFound', couponNotFound: { $type: 'jumun.refusals.v1.CouponNotFound' } });
  if (reason === 'couponAlreadyUsed') {
    const couponAlreadyUsed = { $type: 'jumun.refusals.v1.CouponAlreadyUsed', couponStatus: row.status } as const;
    return refused({ $case: 'couponAlreadyUsed', couponAlreadyUsed });
  }
  if (reason === 'couponExpired') return refused({ $case: 'couponExpired', couponExpired: { $type: 'jumun.refusals.v1.CouponExpired' } });
  return { $type: 'jumun.coupon.v1.CouponQuote', outcome: { $case: 'discount', discount: toDiscount(row) } };
};

/** Discounts of many coupons with one statement, in the order of the questions. Read from the truth, by the database's clock. */
export const quoteCoupons = async (
  db: Pick<Database, 'query'>,
  { questions }: coupon.QuoteCouponsRequest,
): Promise<coupon.QuoteCouponsResponse> => {
  const ids = [...new Set(questions.map(({ couponId }) => couponId))].filter(canBeId);
  const rows = await readCoupons(db, ids);
  return {
    $type: 'jumun.coupon.v1.QuoteCouponsResponse',
    quotes: questions.map(({ couponId, userId }) => quoteCoupon(rows.get(couponId), userId)),
  };
};

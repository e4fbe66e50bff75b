import { participant } from '@jumun/messaging';
import type { coupon } from '@jumun/protos';
import { CouponBook } from '../store/coupon-book.ts';
import { decideHold, decideRelease, decideUse, type HoldRefused } from './hold.ts';

type Command = coupon.HoldCoupon | coupon.ReleaseCoupon | coupon.UseCoupon;
type Reply = coupon.CouponHeld | coupon.CouponReleased | coupon.CouponUsed | HoldRefused;

/** The coupon's part in an order. */
export const couponParticipant = participant<CouponBook, Command, Reply>({
  load: (tx, commands) =>
    CouponBook.lock(
      tx,
      commands.map(({ couponId }) => couponId),
    ),
  decide: {
    'jumun.coupon.v1.HoldCoupon': decideHold,
    'jumun.coupon.v1.ReleaseCoupon': decideRelease,
    'jumun.coupon.v1.UseCoupon': decideUse,
  },
  save: (tx, book) => book.save(tx),
});

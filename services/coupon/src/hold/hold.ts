import { participant } from '@jumun/messaging';
import { coupon, refusals } from '@jumun/protos';
import { hold, holdRefusal, release, use } from '../coupon.ts';
import { CouponBook } from '../store/coupon-book.ts';

type Refused = refusals.CouponNotFound | refusals.CouponAlreadyUsed | refusals.CouponExpired;

/** Keeps a coupon for an order. Its date is judged here and never later. */
export const decideHold = (book: CouponBook, { orderId, userId, couponId }: coupon.HoldCoupon): coupon.CouponHeld | Refused => {
  const found = book.find(couponId);
  const refused = holdRefusal(found, userId, book.at);
  if (refused === 'couponAlreadyUsed') return refusals.CouponAlreadyUsed.fromPartial({ couponStatus: found?.status });
  if (refused === 'couponExpired') return refusals.CouponExpired.fromPartial({});
  if (refused === 'couponNotFound' || found === undefined) return refusals.CouponNotFound.fromPartial({});
  book.put(hold(found, orderId));
  return coupon.CouponHeld.fromPartial({});
};

/** Gives the coupon back if this order holds it. */
export const decideRelease = (book: CouponBook, { orderId, couponId }: coupon.ReleaseCoupon): coupon.CouponReleased => {
  const found = book.find(couponId);
  if (found?.heldBy === orderId) book.put(release(found));
  return coupon.CouponReleased.fromPartial({});
};

/** Uses the coupon up. It may not refuse: the order is paid. */
export const decideUse = (book: CouponBook, { orderId, couponId }: coupon.UseCoupon): coupon.CouponUsed => {
  const found = book.find(couponId);
  if (found?.heldBy === orderId) book.put(use(found, orderId));
  else if (found?.usedBy !== orderId) throw new Error(`order ${orderId} is paid, but does not hold coupon ${couponId}`);
  return coupon.CouponUsed.fromPartial({});
};

type Command = coupon.HoldCoupon | coupon.ReleaseCoupon | coupon.UseCoupon;
type Reply = coupon.CouponHeld | coupon.CouponReleased | coupon.CouponUsed | Refused;

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

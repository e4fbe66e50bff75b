import type { coupon, refusals } from '@jumun/protos';
import { hold, holdRefusal, isHeldBy, isUsedBy, release, use } from '../coupon.ts';
import type { CouponBook } from '../store/coupon-book.ts';

export type HoldRefused = refusals.CouponNotFound | refusals.CouponAlreadyUsed | refusals.CouponExpired;

/** Keeps a coupon for an order; for the order that holds it already it is kept. Its date is judged here and never later. */
export const decideHold = (book: CouponBook, { orderId, userId, couponId }: coupon.HoldCoupon): coupon.CouponHeld | HoldRefused => {
  const found = book.find(couponId);
  if (found !== undefined && isHeldBy(found, orderId) && found.userId === userId) return { $type: 'jumun.coupon.v1.CouponHeld' };
  const refused = holdRefusal(found, userId, book.at);
  if (found === undefined || refused === 'couponNotFound') return { $type: 'jumun.refusals.v1.CouponNotFound' };
  if (refused === 'couponAlreadyUsed') return { $type: 'jumun.refusals.v1.CouponAlreadyUsed', couponStatus: found.status };
  if (refused === 'couponExpired') return { $type: 'jumun.refusals.v1.CouponExpired' };
  book.put(hold(found, orderId));
  return { $type: 'jumun.coupon.v1.CouponHeld' };
};

/** Gives the coupon back if this order holds it; another order's hold is left alone. */
export const decideRelease = (book: CouponBook, { orderId, couponId }: coupon.ReleaseCoupon): coupon.CouponReleased => {
  const found = book.find(couponId);
  if (found !== undefined && isUsedBy(found, orderId))
    throw new Error(`order ${orderId} has used coupon ${couponId}: it is not to be released`);
  if (found !== undefined && isHeldBy(found, orderId)) book.put(release(found));
  return { $type: 'jumun.coupon.v1.CouponReleased' };
};

/** Uses the coupon up; of one that this order has used it says so again. It may not refuse: the order is paid. */
export const decideUse = (book: CouponBook, { orderId, couponId }: coupon.UseCoupon): coupon.CouponUsed => {
  const found = book.find(couponId);
  if (found !== undefined && isHeldBy(found, orderId)) book.put(use(found));
  else if (found === undefined || !isUsedBy(found, orderId))
    throw new Error(`order ${orderId} is paid, but does not hold coupon ${couponId}`);
  return { $type: 'jumun.coupon.v1.CouponUsed' };
};

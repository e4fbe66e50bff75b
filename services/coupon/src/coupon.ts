/** A coupon as a decision sees it: AVAILABLE, HELD by an order, or USED by one. Expiry is a matter of reading the clock. */
export interface Coupon {
  readonly id: string;
  readonly userId: string;
  readonly status: 'AVAILABLE' | 'HELD' | 'USED';
  readonly heldBy: string | null;
  readonly usedBy: string | null;
  readonly expiresAt: Date;
}

/** Null when the coupon can be kept for an order of this user now, else the first reason why not. Somebody else's coupon is not there. */
export const holdRefusal = (
  coupon: Coupon | undefined,
  userId: string,
  now: Date,
): 'couponNotFound' | 'couponAlreadyUsed' | 'couponExpired' | null => {
  if (coupon === undefined || coupon.userId !== userId) return 'couponNotFound';
  if (coupon.status !== 'AVAILABLE') return 'couponAlreadyUsed';
  return coupon.expiresAt <= now ? 'couponExpired' : null;
};

export const hold = (coupon: Coupon, orderId: string): Coupon => ({ ...coupon, status: 'HELD', heldBy: orderId });
export const release = (coupon: Coupon): Coupon => ({ ...coupon, status: 'AVAILABLE', heldBy: null });
export const use = (coupon: Coupon, orderId: string): Coupon => ({ ...coupon, status: 'USED', heldBy: null, usedBy: orderId });

/** How a coupon is shown: an available one past its date is expired; a held one does not expire while it is held. */
export const shownStatus = ({ status, expiresAt }: Pick<Coupon, 'status' | 'expiresAt'>, now: Date): Coupon['status'] | 'EXPIRED' =>
  status === 'AVAILABLE' && expiresAt <= now ? 'EXPIRED' : status;

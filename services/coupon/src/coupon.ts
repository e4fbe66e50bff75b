/** A coupon as a decision sees it: AVAILABLE, HELD by an order, or USED by one. Expiry is a matter of reading the clock. */
export interface Coupon {
  readonly id: string;
  readonly eventId: string;
  readonly userId: string;
  readonly status: 'AVAILABLE' | 'HELD' | 'USED';
  /** The order that holds or has used it; null while it is available. */
  readonly orderId: string | null;
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

/** Whether this very order holds it. */
export const isHeldBy = ({ status, orderId }: Coupon, by: string): boolean => status === 'HELD' && orderId === by;
export const isUsedBy = ({ status, orderId }: Coupon, by: string): boolean => status === 'USED' && orderId === by;

export const hold = (coupon: Coupon, orderId: string): Coupon => ({ ...coupon, status: 'HELD', orderId });
export const release = (coupon: Coupon): Coupon => ({ ...coupon, status: 'AVAILABLE', orderId: null });
export const use = (coupon: Coupon): Coupon => ({ ...coupon, status: 'USED' });

/** How a coupon is shown: an available one past its date is expired; a held one does not expire while it is held. */
export const shownStatus = ({ status, expiresAt }: Pick<Coupon, 'status' | 'expiresAt'>, now: Date): Coupon['status'] | 'EXPIRED' =>
  status === 'AVAILABLE' && expiresAt <= now ? 'EXPIRED' : status;

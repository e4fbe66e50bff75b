import { badCursor, coupon, type refusals } from '@jumun/protos';
import { canBeId, decodeCursor, type Database, pageOf } from '@jumun/service-kit';
import { shownStatus } from '../coupon.ts';
import { toDiscount } from '../discount.ts';
import { type CouponRow, readList, type ShownStatus } from '../store/coupon-reads.ts';

const { CouponStatus } = coupon;

const FILTERS: Readonly<Record<coupon.CouponStatus, ShownStatus | undefined>> = {
  [CouponStatus.UNSPECIFIED]: undefined,
  [CouponStatus.AVAILABLE]: 'AVAILABLE',
  [CouponStatus.HELD]: 'HELD',
  [CouponStatus.USED]: 'USED',
  [CouponStatus.EXPIRED]: 'EXPIRED',
};

const asShown = (row: CouponRow): coupon.Coupon => ({
  $type: 'jumun.coupon.v1.Coupon',
  id: row.id,
  eventId: row.eventId,
  status: CouponStatus[shownStatus(row, row.now)],
  discount: toDiscount(row),
  expiresAt: row.expiresAt,
});

const LIST = 'coupons';

/** A page of a user's coupons, newest first; nothing of anybody else's. */
export const listCoupons = async (
  db: Pick<Database, 'query'>,
  { userId, status, limit, cursor }: coupon.ListCouponsRequest,
): Promise<coupon.CouponPage | { readonly refused: refusals.Refusal }> => {
  const after = cursor === '' ? null : decodeCursor(LIST, cursor);
  if (cursor !== '' && after === null) return { refused: badCursor };
  const filter = status === undefined ? undefined : FILTERS[status];
  const rows = canBeId(userId) ? await readList(db, { userId, status: filter, after, limit: limit + 1 }) : [];
  const page = pageOf(LIST, rows, limit, ({ createdAt, id }) => ({ at: createdAt, id }));
  return { $type: 'jumun.coupon.v1.CouponPage', items: page.items.map(asShown), nextCursor: page.nextCursor };
};

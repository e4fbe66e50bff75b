import { coupon, refusal, type refusals } from '@jumun/protos';
import { decodeCursor, type Database, pageOf } from '@jumun/service-kit';
import { type Coupon, holdRefusal, shownStatus } from '../coupon.ts';
import { type DiscountColumns, toDiscount } from '../events/discount.ts';

const { CouponStatus } = coupon;

interface Row extends Coupon, DiscountColumns {
  readonly eventId: string;
  readonly createdAt: Date;
}

const COLUMNS = `
  c.id, c.event_id AS eventId, c.user_id AS userId, c.status, c.held_by AS heldBy, c.used_by AS usedBy, c.expires_at AS expiresAt, c.created_at AS createdAt,
  e.discount_type AS discountType, e.discount_value AS discountValue, e.max_discount AS maxDiscount, e.min_order_amount AS minOrderAmount`;

/** Rows that are shown as a status: EXPIRED is AVAILABLE past its date. */
const STATUS_IS: Partial<Record<coupon.CouponStatus, string>> = {
  [CouponStatus.AVAILABLE]: "c.status = 'AVAILABLE' AND c.expires_at > UTC_TIMESTAMP(3)",
  [CouponStatus.EXPIRED]: "c.status = 'AVAILABLE' AND c.expires_at <= UTC_TIMESTAMP(3)",
  [CouponStatus.HELD]: "c.status = 'HELD'",
  [CouponStatus.USED]: "c.status = 'USED'",
};

/** A user's coupons, newest first. */
export const listCoupons = async (
  db: Database,
  { userId, status, limit, cursor }: coupon.ListCouponsRequest,
): Promise<coupon.CouponPage | { refused: refusals.Refusal }> => {
  const from = cursor === '' ? null : decodeCursor(cursor);
  if (cursor !== '' && from === null)
    return { refused: refusal('invalidRequest', { errors: [{ path: '?cursor', message: 'is not a cursor that this list has given' }] }) };
  const filter = status === undefined ? undefined : STATUS_IS[status];
  const rows = await db.query<Row>(
    `SELECT ${COLUMNS} FROM coupons c JOIN coupon_events e ON e.id = c.event_id
      WHERE c.user_id = ?${from === null ? '' : ' AND (c.created_at, c.id) < (?, ?)'}${filter === undefined ? '' : ` AND ${filter}`}
      ORDER BY c.created_at DESC, c.id DESC LIMIT ?`,
    [userId, ...(from === null ? [] : [from.at, from.id]), limit + 1],
  );
  const now = new Date();
  const page = pageOf(rows, limit, ({ createdAt, id }) => ({ at: createdAt, id }));
  return coupon.CouponPage.fromPartial({
    items: page.items.map((row) => ({
      id: row.id,
      eventId: row.eventId,
      status: CouponStatus[shownStatus(row, now)],
      discount: toDiscount(row),
      expiresAt: row.expiresAt,
    })),
    nextCursor: page.nextCursor,
  });
};

/** Discounts of many coupons in one statement, in the order of the question. */
export const quoteCoupons = async (db: Database, questions: readonly coupon.CouponQuestion[]): Promise<coupon.QuoteCouponsResponse> => {
  const ids = [...new Set(questions.map(({ couponId }) => couponId))];
  const rows =
    ids.length === 0
      ? []
      : await db.query<Row>(`SELECT ${COLUMNS} FROM coupons c JOIN coupon_events e ON e.id = c.event_id WHERE c.id IN (?)`, [ids]);
  const found = new Map(rows.map((row) => [row.id, row]));
  const now = new Date();
  return coupon.QuoteCouponsResponse.fromPartial({
    quotes: questions.map(({ couponId, userId }) => {
      const row = found.get(couponId);
      const refused = holdRefusal(row, userId, now);
      if (row !== undefined && refused === null) return { outcome: { $case: 'discount', discount: toDiscount(row) } };
      const reason =
        refused === 'couponAlreadyUsed' ? refusal(refused, { couponStatus: row?.status }) : refusal(refused ?? 'couponNotFound');
      return { outcome: { $case: 'refused', refused: reason } };
    }),
  });
};

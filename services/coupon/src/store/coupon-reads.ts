import type { Database } from '@jumun/service-kit';
import type { Coupon } from '../coupon.ts';
import type { DiscountColumns } from '../discount.ts';

export interface CouponRow extends Coupon, DiscountColumns {
  readonly createdAt: Date;
  /** The database's clock, by which coupons expire. */
  readonly now: Date;
}

const COLUMNS = `
         c.id, c.event_id AS eventId, c.user_id AS userId, c.status, c.order_id AS orderId, c.expires_at AS expiresAt, c.created_at AS createdAt,
         e.discount_type AS discountType, e.discount_value AS discountValue, e.max_discount AS maxDiscount, e.min_order_amount AS minOrderAmount, UTC_TIMESTAMP(3) AS now`;

/** Many coupons by their ids. */
export const READ_COUPONS = `
  SELECT ${COLUMNS}
    FROM JSON_TABLE(?, '$[*]' COLUMNS (id CHAR(36) CHARACTER SET ascii PATH '$')) j
    STRAIGHT_JOIN coupons c FORCE INDEX (PRIMARY) ON c.id = j.id
    STRAIGHT_JOIN coupon_events e FORCE INDEX (PRIMARY) ON e.id = c.event_id`;

export type ShownStatus = Coupon['status'] | 'EXPIRED';

/** The rows behind a shown status: EXPIRED is AVAILABLE past its date. */
const SHOWN_AS: Readonly<Record<ShownStatus, string>> = {
  AVAILABLE: "c.status = 'AVAILABLE' AND c.expires_at > UTC_TIMESTAMP(3)",
  EXPIRED: "c.status = 'AVAILABLE' AND c.expires_at <= UTC_TIMESTAMP(3)",
  HELD: "c.status = 'HELD'",
  USED: "c.status = 'USED'",
};

export interface ListQuestion {
  readonly userId: string;
  readonly status?: ShownStatus | undefined;
  /** Only what comes after this one. */
  readonly after: { readonly at: Date; readonly id: string } | null;
  readonly limit: number;
}

/** A user's coupons, newest first, read off an index in that order. */
export const listStatement = ({ userId, status, after, limit }: ListQuestion): { sql: string; params: unknown[] } => {
  const conditions = ['c.user_id = ?'];
  const params: unknown[] = [userId];
  if (after !== null) {
    conditions.push('c.created_at <= ? AND (c.created_at < ? OR c.id < ?)');
    params.push(after.at, after.at, after.id);
  }
  if (status !== undefined) conditions.push(SHOWN_AS[status]);
  return {
    sql: `SELECT ${COLUMNS}
    FROM coupons c FORCE INDEX (coupons_user) STRAIGHT_JOIN coupon_events e FORCE INDEX (PRIMARY) ON e.id = c.event_id
   WHERE ${conditions.join(' AND ')} ORDER BY c.created_at DESC, c.id DESC LIMIT ?`,
    params: [...params, limit],
  };
};

export const readList = (db: Pick<Database, 'query'>, question: ListQuestion): Promise<CouponRow[]> => {
  const { sql, params } = listStatement(question);
  return db.query<CouponRow>(sql, params);
};

export const readCoupons = async (db: Pick<Database, 'query'>, ids: readonly string[]): Promise<Map<string, CouponRow>> =>
  new Map((await db.query<CouponRow>(READ_COUPONS, [JSON.stringify(ids)])).map((row) => [row.id, row]));

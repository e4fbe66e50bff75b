import type { Tx } from '@jumun/service-kit';
import type { IssuingEvent } from '../coupon-event.ts';
import type { DiscountColumns } from '../events/discount.ts';

export interface EventRow extends IssuingEvent, DiscountColumns {
  readonly couponValidUntil: Date;
  /** The database's clock, the one that opens and closes events. */
  readonly now: Date;
}

// The event's row is the queue: whoever locks it decides for everybody in the batch, and the next one sees what is left.
const LOCK_EVENTS = `
  SELECT id, discount_type AS discountType, discount_value AS discountValue, max_discount AS maxDiscount, min_order_amount AS minOrderAmount,
         total_quantity AS totalQuantity, issued, opens_at AS opensAt, closes_at AS closesAt, coupon_valid_until AS couponValidUntil, UTC_TIMESTAMP(3) AS now
    FROM coupon_events FORCE INDEX (PRIMARY) WHERE id IN (?) ORDER BY id FOR UPDATE`;

export const READ_OWNED = `
  SELECT c.id, c.event_id AS eventId, c.user_id AS userId
    FROM JSON_TABLE(?, '$[*]' COLUMNS (event_id CHAR(36) CHARACTER SET ascii PATH '$[0]', user_id CHAR(36) CHARACTER SET ascii PATH '$[1]')) j
    STRAIGHT_JOIN coupons c FORCE INDEX (coupons_one_a_user) ON c.event_id = j.event_id AND c.user_id = j.user_id`;

const INSERT_COUPONS = `
  INSERT INTO coupons (id, event_id, user_id, status, expires_at, created_at, updated_at)
  SELECT j.id, j.event_id, j.user_id, 'AVAILABLE', e.coupon_valid_until, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)
    FROM JSON_TABLE(?, '$[*]' COLUMNS (id CHAR(36) CHARACTER SET ascii PATH '$[0]', event_id CHAR(36) CHARACTER SET ascii PATH '$[1]', user_id CHAR(36) CHARACTER SET ascii PATH '$[2]')) j
    STRAIGHT_JOIN coupon_events e FORCE INDEX (PRIMARY) ON e.id = j.event_id`;

const COUNT_ISSUED = `
  UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id CHAR(36) CHARACTER SET ascii PATH '$[0]', n BIGINT PATH '$[1]')) j
  STRAIGHT_JOIN coupon_events e FORCE INDEX (PRIMARY) ON e.id = j.id SET e.issued = e.issued + j.n`;

export interface Owned {
  readonly id: string;
  readonly eventId: string;
  readonly userId: string;
}

export const lockEvents = (tx: Tx, ids: readonly string[]): Promise<EventRow[]> =>
  tx.query<EventRow>(LOCK_EVENTS, [[...new Set(ids)].sort()]);

/** The coupons that the given users have of the given events. Read after the events were locked, so nobody can add to them. */
export const readOwned = (tx: Tx, claims: readonly Omit<Owned, 'id'>[]): Promise<Owned[]> =>
  tx.query<Owned>(READ_OWNED, [JSON.stringify(claims.map(({ eventId, userId }) => [eventId, userId]))]);

export const insertCoupons = (tx: Tx, granted: readonly Owned[]): void => {
  const counts = [...Map.groupBy(granted, ({ eventId }) => eventId)].map(([id, coupons]) => [id, coupons.length]).sort();
  void tx.execute(INSERT_COUPONS, [JSON.stringify(granted.map(({ id, eventId, userId }) => [id, eventId, userId]))]);
  void tx.execute(COUNT_ISSUED, [JSON.stringify(counts)]);
};

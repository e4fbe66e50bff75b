import type { Tx } from '@jumun/service-kit';
import type { IssuingEvent } from '../coupon-event.ts';
import type { DiscountColumns } from '../discount.ts';

/** Who asks for a coupon of what. */
export interface Claim {
  readonly eventId: string;
  readonly userId: string;
}

/** A coupon, and whose it is. */
export interface Grant extends Claim {
  readonly id: string;
}

export interface EventRow extends IssuingEvent, DiscountColumns {
  /** The database's clock, the one that opens and closes events. */
  readonly now: Date;
}

// The event's row is the queue: whoever locks it decides for everybody in the batch, and the next one sees what is left.
export const LOCK_EVENTS = `
  SELECT e.id, e.discount_type AS discountType, e.discount_value AS discountValue, e.max_discount AS maxDiscount, e.min_order_amount AS minOrderAmount,
         e.total_quantity AS totalQuantity, e.issued, e.opens_at AS opensAt, e.closes_at AS closesAt, e.coupon_valid_until AS couponValidUntil, UTC_TIMESTAMP(3) AS now
    FROM (SELECT j.id FROM JSON_TABLE(?, '$[*]' COLUMNS (id CHAR(36) CHARACTER SET ascii PATH '$')) j) j -- MySQL cannot lock a bare JSON_TABLE
    STRAIGHT_JOIN coupon_events e FORCE INDEX (PRIMARY) ON e.id = j.id FOR UPDATE`;

/** Read after the events were locked, so that nobody can add to it. */
export const READ_OWNED = `
  SELECT c.id, c.event_id AS eventId, c.user_id AS userId
    FROM JSON_TABLE(?, '$[*]' COLUMNS (event_id CHAR(36) CHARACTER SET ascii PATH '$[0]', user_id CHAR(36) CHARACTER SET ascii PATH '$[1]')) j
    STRAIGHT_JOIN coupons c FORCE INDEX (coupons_one_a_user) ON c.event_id = j.event_id AND c.user_id = j.user_id`;

const INSERT_COUPONS = `
  INSERT INTO coupons (id, event_id, user_id, status, expires_at, created_at, updated_at)
  SELECT j.id, j.event_id, j.user_id, 'AVAILABLE', e.coupon_valid_until, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)
    FROM JSON_TABLE(?, '$[*]' COLUMNS (
           id CHAR(36) CHARACTER SET ascii PATH '$[0]', event_id CHAR(36) CHARACTER SET ascii PATH '$[1]', user_id CHAR(36) CHARACTER SET ascii PATH '$[2]')) j
    STRAIGHT_JOIN coupon_events e FORCE INDEX (PRIMARY) ON e.id = j.event_id`;

/** The table's CHECK refuses one coupon too many, whatever was decided. */
export const COUNT_ISSUED = `
  UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id CHAR(36) CHARACTER SET ascii PATH '$[0]', n BIGINT PATH '$[1]')) j
  STRAIGHT_JOIN coupon_events e FORCE INDEX (PRIMARY) ON e.id = j.id
     SET e.issued = e.issued + j.n`;

/** Locks the events of the claims and answers them with the coupons that the claimants have already. One round trip. */
export const lockEvents = async (tx: Tx, claims: readonly Claim[]): Promise<{ events: Map<string, EventRow>; owned: Grant[] }> => {
  const ids = [...new Set(claims.map(({ eventId }) => eventId))].sort();
  const [rows, owned] = await Promise.all([
    tx.query<EventRow>(LOCK_EVENTS, [JSON.stringify(ids)]),
    tx.query<Grant>(READ_OWNED, [JSON.stringify(claims.map(({ eventId, userId }) => [eventId, userId]))]),
  ]);
  return { events: new Map(rows.map((row) => [row.id, row])), owned };
};

/** Writes coupons and counts them; sent at once, checked with the transaction. */
export const insertGrants = async (tx: Tx, granted: readonly Grant[]): Promise<void> => {
  const counts = [...Map.groupBy(granted, ({ eventId }) => eventId)].map(([id, coupons]) => [id, coupons.length]);
  const [coupons, events] = await Promise.all([
    tx.execute(INSERT_COUPONS, [JSON.stringify(granted.map(({ id, eventId, userId }) => [id, eventId, userId]))]),
    tx.execute(COUNT_ISSUED, [JSON.stringify(counts)]),
  ]);
  if (coupons.affectedRows !== granted.length || events.affectedRows !== counts.length)
    throw new Error(`wrote ${coupons.affectedRows} coupons of ${granted.length}, ${events.affectedRows} events of ${counts.length}`);
};

import { coupon, enumName, refusal, type refusals } from '@jumun/protos';
import { type Database, onceEach, type Outcome } from '@jumun/service-kit';
import { statusOf } from '../coupon-event.ts';

type Call = coupon.CreateCouponEventRequest;

const codec = {
  encode: (event: coupon.CouponEvent): string => JSON.stringify(coupon.CouponEvent.toJSON(event)),
  decode: (stored: string): coupon.CouponEvent => coupon.CouponEvent.fromJSON(JSON.parse(stored)),
};

const INSERT = `
  INSERT INTO coupon_events (id, name, discount_type, discount_value, max_discount, min_order_amount, total_quantity, opens_at, closes_at, coupon_valid_until)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const needed = <T>(value: T | undefined, name: string): T => {
  if (value === undefined) throw new Error(`${name} is missing; the gateway checks it`);
  return value;
};

/** An event with coupons for the first who ask. */
export const createCouponEvent = async (db: Database, call: Call): Promise<Outcome<coupon.CouponEvent, refusals.Refusal>> => {
  const [outcome] = await onceEach<Call, coupon.CouponEvent, refusals.Refusal>(db, [call], {
    keyOf: ({ idempotency }) => idempotency,
    run: async (tx, calls) =>
      calls.map(({ call: { name, totalQuantity, ...given }, effectId: id }) => {
        const discount = needed(given.discount, 'discount');
        const opensAt = needed(given.opensAt, 'opens_at');
        const closesAt = needed(given.closesAt, 'closes_at');
        const couponValidUntil = needed(given.couponValidUntil, 'coupon_valid_until');
        const { type, value, maxDiscount, minOrderAmount } = discount;
        const typeName = enumName(coupon.DiscountType, type);
        void tx.execute(INSERT, [
          id,
          name,
          typeName,
          value,
          maxDiscount ?? null,
          minOrderAmount ?? null,
          totalQuantity,
          opensAt,
          closesAt,
          couponValidUntil,
        ]);
        const status = statusOf({ id, totalQuantity, issued: 0, opensAt, closesAt }, new Date());
        return coupon.CouponEvent.fromPartial({
          id,
          name,
          discount,
          totalQuantity,
          remainingQuantity: totalQuantity,
          opensAt,
          closesAt,
          couponValidUntil,
          status: coupon.CouponEventStatus[status],
        });
      }),
    codec,
    reused: refusal('idempotencyKeyReused'),
    inProgress: refusal('idempotencyInProgress'),
  });
  return outcome as Outcome<coupon.CouponEvent, refusals.Refusal>;
};

import { coupon, enumName, keyRefusals, refusal, type refusals } from '@jumun/protos';
import { type Database, jsonCodec, once, type Outcome } from '@jumun/service-kit';
import { statusOf } from '../coupon-event.ts';
import { toDiscount } from '../discount.ts';
import { insertEvent, type NewEvent } from '../store/events.ts';

type Call = coupon.CreateCouponEventRequest;

const EPOCH = new Date(0);

/** What follows from a rule of events, and what only a caller who skips the gateway can leave out. */
const mistakesOf = ({
  discount,
  opensAt = EPOCH,
  closesAt = EPOCH,
  couponValidUntil = EPOCH,
  totalQuantity,
}: Call): { path: string; message: string }[] => [
  ...(discount === undefined || discount.type === coupon.DiscountType.UNSPECIFIED
    ? [{ path: '/discount', message: 'is PERCENT or FIXED, with a value' }]
    : []),
  ...(totalQuantity < 1 ? [{ path: '/totalQuantity', message: 'is 1 or more' }] : []),
  ...(opensAt < closesAt ? [] : [{ path: '/closesAt', message: 'is later than opensAt' }]),
  ...(opensAt < couponValidUntil ? [] : [{ path: '/couponValidUntil', message: 'is later than opensAt' }]),
];

const newEvent = (id: string, { name, discount, totalQuantity, opensAt, closesAt, couponValidUntil }: Call): NewEvent => ({
  id,
  name,
  discountType: enumName(coupon.DiscountType, discount?.type ?? coupon.DiscountType.UNSPECIFIED),
  discountValue: discount?.value ?? 0,
  maxDiscount: discount?.maxDiscount ?? null,
  minOrderAmount: discount?.minOrderAmount ?? null,
  totalQuantity,
  opensAt: opensAt ?? EPOCH,
  closesAt: closesAt ?? EPOCH,
  couponValidUntil: couponValidUntil ?? EPOCH,
});

const asShown = (event: NewEvent, now: Date): coupon.CouponEvent => ({
  $type: 'jumun.coupon.v1.CouponEvent',
  id: event.id,
  name: event.name,
  discount: toDiscount(event),
  totalQuantity: event.totalQuantity,
  remainingQuantity: event.totalQuantity,
  opensAt: event.opensAt,
  closesAt: event.closesAt,
  couponValidUntil: event.couponValidUntil,
  status: coupon.CouponEventStatus[statusOf({ ...event, issued: 0 }, now)],
});

/** An event with coupons for the first who ask. */
export const createCouponEvent = async (db: Database, call: Call): Promise<Outcome<coupon.CouponEvent, refusals.Refusal>> => {
  const errors = mistakesOf(call);
  if (errors.length > 0) return { refused: refusal('invalidRequest', { errors }) };
  return once(db, {
    key: call.idempotency,
    run: async (tx, id) => {
      const event = newEvent(id, call);
      return asShown(event, await insertEvent(tx, event));
    },
    codec: jsonCodec(coupon.CouponEvent),
    ...keyRefusals,
  });
};

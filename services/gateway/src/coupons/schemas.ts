import { Id, Int, Named, OneOf, Page, PRICE_MAX, Strict, Text, Time, Type } from '../http/schema.ts';
import { parseTime } from '../http/times.ts';
import type { FieldError } from '../problems/problem.ts';

const DISCOUNT_TYPES = ['PERCENT', 'FIXED'] as const;
export type DiscountTypeName = (typeof DISCOUNT_TYPES)[number];

export const discount = Named(
  'Discount',
  Strict({
    type: OneOf(DISCOUNT_TYPES),
    value: Int(1, PRICE_MAX, '`PERCENT`: 1 to 100; `FIXED`: won.'),
    maxDiscount: Type.Optional(Int(1, PRICE_MAX, 'Won; with `PERCENT` only.')),
    minOrderAmount: Type.Optional(Int(0, Number.MAX_SAFE_INTEGER, 'Won; the least subtotal.')),
  }),
);

export const newCouponEvent = Named(
  'NewCouponEvent',
  Strict({
    name: Text(1, 100),
    discount,
    totalQuantity: Int(1, 10_000_000),
    opensAt: Time(),
    closesAt: Time('After `opensAt`. Issuing ends then, or at `couponValidUntil` where that is earlier.'),
    couponValidUntil: Time('After `opensAt`.'),
  }),
);

const discountRules = (value: unknown): FieldError[] => {
  const { type, value: amount, maxDiscount } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const errors: FieldError[] = [];
  if (type === 'PERCENT' && typeof amount === 'number' && amount > 100 && amount <= PRICE_MAX)
    errors.push({ path: '/discount/value', message: 'must be at most 100' });
  if (type === 'FIXED' && maxDiscount !== undefined) errors.push({ path: '/discount/maxDiscount', message: 'goes with PERCENT only' });
  return errors;
};

/** What the schema of a new event cannot say. */
export const newCouponEventRules = (body: Readonly<Record<string, unknown>>): readonly FieldError[] => {
  const timeIn = (name: string): number => Number(typeof body[name] === 'string' ? parseTime(body[name]) : NaN);
  const opensAt = timeIn('opensAt');
  const early = ['closesAt', 'couponValidUntil'].filter((name) => timeIn(name) <= opensAt);
  return [...discountRules(body['discount']), ...early.map((name) => ({ path: `/${name}`, message: 'must be later than opensAt' }))];
};

export const couponEvent = Named(
  'CouponEvent',
  Type.Object({
    id: Id(),
    name: Type.String(),
    discount,
    totalQuantity: Type.Integer(),
    remainingQuantity: Type.Integer(),
    opensAt: Time(),
    closesAt: Time(),
    couponValidUntil: Time(),
    status: OneOf(['SCHEDULED', 'OPEN', 'EXHAUSTED', 'CLOSED']),
  }),
);

export const COUPON_STATUSES = ['AVAILABLE', 'HELD', 'USED', 'EXPIRED'] as const;
export const coupon = Named(
  'Coupon',
  Type.Object({ id: Id(), eventId: Id(), status: OneOf(COUPON_STATUSES), discount, expiresAt: Time() }),
);
export const couponPage = Page('CouponPage', coupon);

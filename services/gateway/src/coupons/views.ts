import { coupon as service, enumName } from '@jumun/protos';
import type { Static } from '../http/schema.ts';
import { timeOf } from '../upstream/answers.ts';
import type { coupon, couponEvent, discount, DiscountTypeName } from './schemas.ts';

const discountView = (from: service.Discount | undefined): Static<typeof discount> => {
  if (from === undefined) throw new Error('a coupon without its discount');
  const { type, value, maxDiscount, minOrderAmount } = from;
  return { type: enumName(service.DiscountType, type) as DiscountTypeName, value, maxDiscount, minOrderAmount };
};

export const couponView = (from: service.Coupon): Static<typeof coupon> => ({
  id: from.id,
  eventId: from.eventId,
  status: enumName(service.CouponStatus, from.status) as Static<typeof coupon>['status'],
  discount: discountView(from.discount),
  expiresAt: timeOf(from.expiresAt),
});

export const couponEventView = (from: service.CouponEvent): Static<typeof couponEvent> => ({
  id: from.id,
  name: from.name,
  discount: discountView(from.discount),
  totalQuantity: from.totalQuantity,
  remainingQuantity: from.remainingQuantity,
  opensAt: timeOf(from.opensAt),
  closesAt: timeOf(from.closesAt),
  couponValidUntil: timeOf(from.couponValidUntil),
  status: enumName(service.CouponEventStatus, from.status) as Static<typeof couponEvent>['status'],
});

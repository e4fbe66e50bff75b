import { coupon as protos } from '@jumun/protos';
import { created, ok, type Route, route } from '../http/route.ts';
import { OneOf, pageQuery, Type } from '../http/schema.ts';
import { parseTime } from '../http/times.ts';
import { refusedOr } from '../upstream/answers.ts';
import type { Ask } from '../upstream/ask.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import { coupon, COUPON_STATUSES, couponEvent, couponPage, newCouponEvent, newCouponEventRules } from './schemas.ts';
import { couponEventView, couponView } from './views.ts';

/** Coupon events and the caller's coupons (api §5). */
export const couponRoutes = ({ coupon: service }: Upstreams, ask: Ask): Route[] => [
  route({
    method: 'POST',
    path: '/v1/admin/coupon-events',
    tag: 'Coupons',
    summary: 'Make a coupon event',
    access: 'admin',
    key: 'honoured',
    body: newCouponEvent,
    rules: newCouponEventRules,
    answers: { 201: couponEvent },
    refusals: [],
    handle: async ({ body, idempotency }) => {
      const request = protos.CreateCouponEventRequest.fromPartial({
        idempotency,
        name: body.name,
        discount: { ...body.discount, type: protos.DiscountType[body.discount.type] },
        totalQuantity: body.totalQuantity,
        opensAt: parseTime(body.opensAt),
        closesAt: parseTime(body.closesAt),
        couponValidUntil: parseTime(body.couponValidUntil),
      });
      const { outcome, replayed } = await ask((options) => service.createCouponEvent(request, options), { again: idempotency.key !== '' });
      return outcome?.$case === 'created' ? created(couponEventView(outcome.created), { replayed }) : refusedOr(outcome);
    },
  }),
  route({
    method: 'POST',
    path: '/v1/coupon-events/{id}/coupons',
    tag: 'Coupons',
    summary: 'Claim a coupon',
    description: 'First come, first served; one for each user.',
    access: 'signedIn',
    key: 'honoured',
    unknownId: 'COUPON_EVENT_NOT_FOUND',
    answers: { 201: coupon },
    refusals: ['COUPON_EVENT_NOT_FOUND', 'COUPON_EVENT_NOT_OPEN', 'COUPON_ALREADY_ISSUED', 'COUPON_EXHAUSTED'],
    handle: async ({ id: eventId, caller: { userId }, idempotency }) => {
      const request = { idempotency, eventId, userId };
      const { outcome, replayed } = await ask((options) => service.issueCoupon(request, options), { again: idempotency.key !== '' });
      return outcome?.$case === 'issued' ? created(couponView(outcome.issued), { replayed }) : refusedOr(outcome);
    },
  }),
  route({
    method: 'GET',
    path: '/v1/coupons',
    tag: 'Coupons',
    summary: 'Own coupons, newest first',
    access: 'signedIn',
    query: { status: Type.Optional(OneOf(COUPON_STATUSES)), ...pageQuery },
    answers: { 200: couponPage },
    refusals: [],
    handle: async ({ caller: { userId }, query: { status, limit, cursor = '' } }) => {
      const request = { userId, status: status && protos.CouponStatus[status], limit: limit ?? 20, cursor };
      const { outcome } = await ask((options) => service.listCoupons(request, options), { again: true });
      if (outcome?.$case !== 'page') return refusedOr(outcome);
      const { items, nextCursor = null } = outcome.page;
      return ok({ items: items.map(couponView), nextCursor });
    },
  }),
];

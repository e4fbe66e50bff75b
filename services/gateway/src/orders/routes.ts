import { orders } from '@jumun/protos';
import { ok, type Route, route } from '../http/route.ts';
import { OneOf, pageQuery, Type } from '../http/schema.ts';
import { problem } from '../problems/problem.ts';
import { refusedOr } from '../upstream/answers.ts';
import type { Ask } from '../upstream/ask.ts';
import type { OrderStreams } from '../upstream/order-streams.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import { placeOrder } from './place-order.ts';
import { newOrder, newOrderRules, order, ORDER_STATUSES, orderPage, timeline } from './schemas.ts';
import { orderView, timelineView } from './views.ts';

/** The caller's own orders (api §6). */
export const orderRoutes = ({ orders: service }: Upstreams, ask: Ask, streams: OrderStreams): Route[] => [
  route({
    method: 'POST',
    path: '/v1/orders',
    tag: 'Orders',
    summary: 'Place an order',
    description:
      'Waits until the order has ended: 201. When that takes longer than preferred (5 s by default), 202: the order goes on by itself; ask for it at `Location`. ' +
      'Refusals are judged in the order in which they are listed. An order that was accepted and refused later stays as `CANCELLED`, and the problem has its `orderId`.',
    access: 'signedIn',
    key: 'required',
    headers: { Prefer: '`wait=N` waits N seconds, 30 at most; `respond-async` does not wait.' },
    sends: {
      Location: { text: 'Where the order is.', required: true },
      'Preference-Applied': { text: 'Which preference was heeded.', required: false },
    },
    body: newOrder,
    rules: newOrderRules,
    answers: { 201: order, 202: order },
    refusals: [
      'PRODUCT_NOT_FOUND',
      'PRODUCT_NOT_ON_SALE',
      'OUT_OF_STOCK',
      'COUPON_NOT_FOUND',
      'COUPON_ALREADY_USED',
      'COUPON_EXPIRED',
      'COUPON_NOT_APPLICABLE',
      'INSUFFICIENT_BALANCE',
    ],
    handle: (call) => placeOrder(streams, call),
  }),
  route({
    method: 'GET',
    path: '/v1/orders',
    tag: 'Orders',
    summary: 'Own orders, newest first',
    access: 'signedIn',
    query: { status: Type.Optional(OneOf(ORDER_STATUSES)), ...pageQuery },
    answers: { 200: orderPage },
    refusals: [],
    handle: async ({ caller: { userId }, query: { status, limit, cursor = '' } }) => {
      const request = { userId, status: status && orders.OrderStatus[status], limit: limit ?? 20, cursor };
      const { outcome } = await ask((options) => service.listOrders(request, options), { again: true });
      if (outcome?.$case !== 'page') return refusedOr(outcome);
      const { items, nextCursor = null } = outcome.page;
      return ok({ items: items.map(orderView), nextCursor });
    },
  }),
  route({
    method: 'GET',
    path: '/v1/orders/{id}',
    tag: 'Orders',
    summary: 'One order',
    access: 'signedIn',
    unknownId: 'ORDER_NOT_FOUND',
    answers: { 200: order },
    refusals: ['ORDER_NOT_FOUND'],
    handle: async ({ id: orderId, caller: { userId } }) => {
      const { order: found } = await ask((options) => service.getOrder({ orderId, userId }, options), { again: true });
      return found === undefined ? problem('ORDER_NOT_FOUND') : ok(orderView(found));
    },
  }),
  route({
    method: 'GET',
    path: '/v1/orders/{id}/timeline',
    tag: 'Orders',
    summary: 'What happened to an order, step by step',
    access: 'signedIn',
    unknownId: 'ORDER_NOT_FOUND',
    answers: { 200: timeline },
    refusals: ['ORDER_NOT_FOUND'],
    handle: async ({ id: orderId, caller: { userId } }) => {
      const { known, items } = await ask((options) => service.getTimeline({ orderId, userId }, options), { again: true });
      return known ? ok(timelineView(items)) : problem('ORDER_NOT_FOUND');
    },
  }),
];

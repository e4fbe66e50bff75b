import { orders, refusal as refusalOf } from '@jumun/protos';
import { childTraceparent } from '@jumun/service-kit';
import { isId, NOBODYS_ID } from '../http/ids.ts';
import { type WaitPreference, waitPreference } from '../http/prefer.ts';
import type { Result, SignedInCall } from '../http/route.ts';
import type { Static } from '../http/schema.ts';
import { problem, refused } from '../problems/problem.ts';
import { refusedOr } from '../upstream/answers.ts';
import type { OrderStreams } from '../upstream/order-streams.ts';
import type { newOrder } from './schemas.ts';
import { orderView } from './views.ts';

type PlaceOrderCall = SignedInCall<Static<typeof newOrder>, undefined>;

/** What became of an order, as an answer: 201 completed, 202 still running, or the problem that ended it. */
const resultOf = ({ outcome, replayed }: orders.PlaceOrderResult, { applied }: WaitPreference): Result => {
  if (outcome?.$case !== 'ended' && outcome?.$case !== 'accepted') return refusedOr(outcome);
  const order = outcome.$case === 'ended' ? outcome.ended : outcome.accepted;
  const again: Record<string, string> = replayed ? { 'idempotent-replayed': 'true' } : {};
  if (outcome.$case === 'ended' && order.status === orders.OrderStatus.CANCELLED) {
    const refusal = refused(order.reason ?? refusalOf('internal'), { orderId: order.id });
    return { ...refusal, headers: { ...refusal.headers, ...again } };
  }
  return {
    status: outcome.$case === 'ended' ? 201 : 202,
    body: orderView(order),
    headers: {
      location: `/v1/orders/${order.id}`,
      ...(applied === undefined ? {} : { 'preference-applied': applied }),
      ...again,
    },
  };
};

/** Places an order over the open streams and waits for its saga as long as the client prefers. */
export const placeOrder = async (streams: OrderStreams, { body, caller, idempotency, prefer }: PlaceOrderCall): Promise<Result> => {
  const malformed = body.items.find(({ productId, optionId }) => !isId(productId ?? optionId ?? ''));
  if (malformed !== undefined) return problem('PRODUCT_NOT_FOUND', { productId: malformed.productId });
  const preference = waitPreference(prefer);
  const result = await streams.place({
    userId: caller.userId,
    idempotency,
    lines: body.items.map(({ productId = '', optionId = '', quantity }) => ({
      $type: 'jumun.orders.v1.PlaceOrderLine',
      productId,
      optionId,
      quantity,
    })),
    // A malformed coupon id is nobody's coupon: refused in its place in the order of refusals.
    couponId: body.couponId === undefined || isId(body.couponId) ? body.couponId : NOBODYS_ID,
    waitMs: preference.waitMs,
    traceparent: childTraceparent(),
  });
  return resultOf(result, preference);
};

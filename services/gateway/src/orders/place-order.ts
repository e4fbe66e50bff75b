import { orders, refusal as refusalOf } from '@jumun/protos';
import { childTraceparent } from '@jumun/service-kit';
import { isId, NOBODYS_ID } from '../http/ids.ts';
import { type WaitPreference, waitPreference } from '../http/prefer.ts';
import { isProblem, type Result, type SignedInCall } from '../http/route.ts';
import type { Static } from '../http/schema.ts';
import { refused } from '../problems/problem.ts';
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

/** A malformed id is nobody's: it is refused where an unknown one is, after the key and in the order of refusals. */
const idOf = (given: string | undefined): string | undefined => (given === undefined || isId(given) ? given : NOBODYS_ID);

/** Tells the id that the client gave, where nobody's was asked for in its place. */
const withGivenId = (result: Result, items: PlaceOrderCall['body']['items']): Result => {
  if (!isProblem(result) || result.code !== 'PRODUCT_NOT_FOUND' || result.data?.['productId'] !== NOBODYS_ID) return result;
  const productId = items.map((item) => item.productId ?? item.optionId ?? '').find((id) => idOf(id) === NOBODYS_ID);
  return { ...result, data: { ...result.data, productId } };
};

/** Places an order over the open streams and waits for its saga as long as the client prefers. */
export const placeOrder = async (streams: OrderStreams, { body, caller, idempotency, prefer }: PlaceOrderCall): Promise<Result> => {
  const preference = waitPreference(prefer);
  const result = await streams.place({
    userId: caller.userId,
    idempotency,
    lines: body.items.map(({ productId, optionId, quantity }) => ({
      $type: 'jumun.orders.v1.PlaceOrderLine',
      productId: idOf(productId) ?? '',
      optionId: idOf(optionId) ?? '',
      quantity,
    })),
    couponId: idOf(body.couponId),
    waitMs: preference.waitMs,
    traceparent: childTraceparent(),
  });
  return withGivenId(resultOf(result, preference), body.items);
};

import { orders, refusal, type refusals } from '@jumun/protos';
import { batcher, faultPoint, isTransient, type Logger, OverloadedError } from '@jumun/service-kit';
import type { Waiters } from '../wait/waiters.ts';
import { type Accepted, type AcceptParts, acceptBatch } from './accept.ts';

/** Orders in one acceptance: one quote, one transaction. Some 30 ms of work. */
const BATCH_SIZE_MAX = 200;
/** About a second of orders at the limit; whoever comes later hears at once that it is too much. */
const QUEUE_MAX = 2_000;

export type Place = (call: orders.PlaceOrder) => Promise<orders.PlaceOrderResult>;

const result = (callId: number, outcome: orders.PlaceOrderResult['outcome'], replayed = false): orders.PlaceOrderResult => ({
  $type: 'jumun.orders.v1.PlaceOrderResult',
  callId,
  outcome,
  replayed,
});

const technical = (error: unknown, logger: Logger): refusals.Refusal => {
  if (error instanceof OverloadedError) return refusal('overloaded');
  if (isTransient(error)) {
    logger.warn({ err: error }, 'an order could not be accepted now');
    return refusal('unavailable');
  }
  logger.error({ err: error }, 'an order could not be accepted');
  return refusal('internal');
};

/** Accepts an order and waits for its saga as long as the caller has patience. Never throws: what went wrong is a refusal. */
export const openPlacing = ({ waiters, logger, ...parts }: AcceptParts & { waiters: Waiters; logger: Logger }): Place => {
  const accept = batcher<orders.PlaceOrder, Accepted>({
    sizeMax: BATCH_SIZE_MAX,
    queueMax: QUEUE_MAX,
    run: (calls) => acceptBatch(parts, calls),
  });
  return async (call) => {
    try {
      const accepted = await accept(call);
      if ('refused' in accepted) return result(call.callId, { $case: 'refused', refused: accepted.refused });
      const { order, ended } = await waiters.wait(accepted.orderId, call.waitMs);
      await faultPoint('saga:ended-not-answered');
      return result(call.callId, ended ? { $case: 'ended', ended: order } : { $case: 'accepted', accepted: order }, accepted.replayed);
    } catch (error) {
      return result(call.callId, { $case: 'refused', refused: technical(error, logger) });
    }
  };
};

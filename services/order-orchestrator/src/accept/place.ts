import { type orders, refusal, type refusals } from '@jumun/protos';
import { batcher, type Database, faultPoint, isTransient, type Logger, OverloadedError, usableKey } from '@jumun/service-kit';
import { refusedOrder } from '../metrics.ts';
import type { Waiters } from '../wait/waiters.ts';
import { type Accept, type Accepted, type AcceptParts, findPlaced, openAccepting } from './accept.ts';

/** Orders in one acceptance: one quote, one transaction. Some 30 ms of work. */
const BATCH_SIZE_MAX = 200;
/**
 * Orders are accepted in waves, and go through their saga as such: its seven hops have a round for each wave instead of one for each few orders,
 * which costs half the CPU and makes them quicker at 1,000 orders/s (docs/decisions/0015). An order that comes alone does not wait.
 */
const WAVE_MS = 50;
/** About a second of orders at the limit; whoever comes later hears at once that it is too much. */
const QUEUE_MAX = 2_000;
/** Calls that are accepted or waited for at once: with the default patience, more than the limit makes of them. About 20 MB. */
const OPEN_MAX = 10_000;

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
    logger.warn({ err: error }, 'orders could not be accepted now');
    return refusal('unavailable');
  }
  logger.error({ err: error }, 'an order could not be accepted');
  return refusal('internal');
};

/**
 * Accepts a batch. What is wrong with one call is kept from the others: a batch that fails for good is halved until that call is alone.
 * What cannot be accepted now gets its order all the same if its key has placed one.
 */
const acceptApart = async (
  accept: Accept,
  { db, logger }: { db: Database; logger: Logger },
  calls: readonly orders.PlaceOrder[],
): Promise<Accepted[]> => {
  try {
    return await accept(calls);
  } catch (error) {
    if (calls.length === 1 || isTransient(error) || error instanceof OverloadedError) {
      const refused = technical(error, logger);
      const placed = await findPlaced(db, calls).catch(() => []);
      return calls.map((_, index) => placed[index] ?? { refused });
    }
    const middle = Math.ceil(calls.length / 2);
    const first = await acceptApart(accept, { db, logger }, calls.slice(0, middle));
    return [...first, ...(await acceptApart(accept, { db, logger }, calls.slice(middle)))];
  }
};

/** Accepts an order and waits for its saga as long as the caller has patience. Never throws: what went wrong is a refusal. */
export const openPlacing = ({ waiters, logger, ...parts }: AcceptParts & { waiters: Waiters; logger: Logger }): Place => {
  const accepting = openAccepting(parts);
  const accept = batcher<orders.PlaceOrder, Accepted>({
    sizeMax: BATCH_SIZE_MAX,
    queueMax: QUEUE_MAX,
    intervalMs: WAVE_MS,
    run: (calls) => acceptApart(accepting, { db: parts.db, logger }, calls),
  });
  let open = 0;

  const place = async (call: orders.PlaceOrder): Promise<orders.PlaceOrderResult> => {
    usableKey(call.idempotency); // one that cannot be stored fails here, alone, and not with the batch
    const accepted = await accept(call);
    if ('refused' in accepted) return result(call.callId, { $case: 'refused', refused: accepted.refused });
    const { order, ended } = await waiters.wait(accepted.orderId, call.waitMs, { lookNow: accepted.replayed });
    if (ended) await faultPoint('saga:ended-not-answered');
    return result(call.callId, ended ? { $case: 'ended', ended: order } : { $case: 'accepted', accepted: order }, accepted.replayed);
  };
  const refuse = (call: orders.PlaceOrder, refused: refusals.Refusal): orders.PlaceOrderResult =>
    result(call.callId, { $case: 'refused', refused });

  return async (call) => {
    // Looked at before anything is written: once there is an order, "too much" would be the wrong answer.
    if (open >= OPEN_MAX) return refuse(call, refusal('overloaded'));
    open += 1;
    try {
      const answer = await place(call);
      if (answer.outcome?.$case === 'refused') refusedOrder(answer.outcome.refused);
      return answer;
    } catch (error) {
      return refuse(call, technical(error, logger));
    } finally {
      open -= 1;
    }
  };
};

import type { ServerDuplexStream } from '@grpc/grpc-js';
import { type orders, refusal } from '@jumun/protos';
import { monotonicMs } from '@jumun/service-kit';
import type { Place } from './place.ts';

type Stream = ServerDuplexStream<orders.PlaceOrdersRequest, orders.PlaceOrdersResponse>;

/** What comes while the process stops is turned away before anything is written: else a steady flow of calls would keep the stream open. */
const turnedAway = ({ callId }: orders.PlaceOrder): orders.PlaceOrderResult => ({
  $type: 'jumun.orders.v1.PlaceOrderResult',
  callId,
  outcome: { $case: 'refused', refused: refusal('unavailable') },
  replayed: false,
});

const response = (results: orders.PlaceOrderResult[]): orders.PlaceOrdersResponse => ({
  $type: 'jumun.orders.v1.PlaceOrdersResponse',
  results,
  clockMs: Math.floor(monotonicMs()), // a little early rather than late: by it is told when a call's time is over
});

/** Results in one message: a hundred of the largest orders are about 7 MB, and gRPC takes 16. */
const RESULTS_MAX = 100;

/**
 * Places what comes in, and answers what is ready at the end of each turn of the event loop, in as few messages as may be. When the process is about to stop,
 * nothing new is taken, and the stream ends with the last answer: its caller opens another one elsewhere.
 */
export const answerInBatches = (stream: Stream, place: Place, stopping: AbortSignal): void => {
  let ready: orders.PlaceOrderResult[] = [];
  let open = 0;
  let ended = false;

  const flush = (): void => {
    for (let from = 0; from < ready.length && !stream.cancelled && !stream.destroyed && !stream.writableEnded; from += RESULTS_MAX)
      stream.write(response(ready.slice(from, from + RESULTS_MAX)));
    ready = [];
    endWhenDone();
  };
  const endWhenDone = (): void => {
    if ((ended || stopping.aborted) && open === 0 && ready.length === 0 && !stream.writableEnded) stream.end();
  };
  const answer = (result: orders.PlaceOrderResult): void => {
    open -= 1;
    ready.push(result);
    if (ready.length === 1) setImmediate(flush);
  };

  stream.write(response([]));
  stream.on('data', ({ orders: calls }: orders.PlaceOrdersRequest) => {
    open += calls.length;
    for (const call of calls)
      if (stopping.aborted) answer(turnedAway(call));
      else void place(call).then(answer);
  });
  stream.on('end', () => {
    ended = true;
    endWhenDone();
  });
  stopping.addEventListener('abort', endWhenDone);
  stream.on('close', () => stopping.removeEventListener('abort', endWhenDone));
  stream.on('error', () => {}); // the caller has gone; its orders go on, and its key finds them
  if (stopping.aborted) endWhenDone(); // it was opened too late
};

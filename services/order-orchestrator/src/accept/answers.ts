import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { orders } from '@jumun/protos';
import type { Place } from './place.ts';

type Stream = ServerDuplexStream<orders.PlaceOrdersRequest, orders.PlaceOrdersResponse>;

/**
 * Places what comes in, and answers what is ready at the end of each turn of the event loop in one message. When the process is about to stop,
 * the stream ends with the last answer, and its caller opens another one elsewhere.
 */
export const answerInBatches = (stream: Stream, place: Place, stopping: AbortSignal): void => {
  let ready: orders.PlaceOrderResult[] = [];
  let open = 0;
  let ended = false;

  const flush = (): void => {
    if (ready.length > 0 && !stream.cancelled && !stream.destroyed)
      stream.write({ $type: 'jumun.orders.v1.PlaceOrdersResponse', results: ready });
    ready = [];
    endWhenDone();
  };
  const endWhenDone = (): void => {
    if ((ended || stopping.aborted) && open === 0 && ready.length === 0) stream.end();
  };
  const answer = (result: orders.PlaceOrderResult): void => {
    open -= 1;
    ready.push(result);
    if (ready.length === 1) setImmediate(flush);
  };

  stream.on('data', ({ orders: calls }: orders.PlaceOrdersRequest) => {
    open += calls.length;
    for (const call of calls) void place(call).then(answer);
  });
  stream.on('end', () => {
    ended = true;
    endWhenDone();
  });
  stopping.addEventListener('abort', endWhenDone);
  stream.on('close', () => stopping.removeEventListener('abort', endWhenDone));
  stream.on('error', () => {}); // the caller has gone; its orders go on, and its key finds them
};

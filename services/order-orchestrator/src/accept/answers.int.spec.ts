import { once } from 'node:events';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { orders } from '@jumun/protos';
import { drain, grpcClient } from '@jumun/service-kit';
import { answerInBatches } from './answers.ts';
import type { Place } from './place.ts';

const call = (callId: number): orders.PlaceOrder => orders.PlaceOrder.fromPartial({ callId });
const accepted = (callId: number): orders.PlaceOrderResult =>
  orders.PlaceOrderResult.fromPartial({ callId, outcome: { $case: 'accepted', accepted: {} } });

/** A server whose orders are placed so, and a stream to it. */
const serve = async (place: Place, stopping: AbortSignal) => {
  const server = new Server();
  server.addService(orders.OrderServiceService, {
    placeOrders: (stream: Parameters<typeof answerInBatches>[0]) => answerInBatches(stream, place, stopping),
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  const client = grpcClient(orders.OrderServiceClient, `127.0.0.1:${port}`);
  const stream = client.placeOrders();
  const [hello] = (await once(stream, 'data')) as [orders.PlaceOrdersResponse];
  expect(hello).toMatchObject({ results: [], clockMs: expect.any(Number) as number });
  expect(Math.abs(hello.clockMs - performance.now())).toBeLessThan(10_000);
  return { server, client, stream };
};

/** Longer than this test lives: a stream that is cut at a stop would be cut only then. */
const GRACE_MS = 60_000;

it('a stream is answered to its last call when the process stops, turns away what still comes, and ends then', async () => {
  const stopping = new AbortController();
  const underWay = new Map<number, () => void>();
  const place = ({ callId }: orders.PlaceOrder) =>
    new Promise<orders.PlaceOrderResult>((resolve) => underWay.set(callId, () => resolve(accepted(callId))));
  const { server, client, stream } = await serve(place, stopping.signal);
  const answered: [number, string | undefined][] = [];
  stream.on('data', ({ results }: orders.PlaceOrdersResponse) =>
    answered.push(...results.map(({ callId, outcome }): [number, string | undefined] => [callId, outcome?.$case])),
  );
  const ended = once(stream, 'end');

  stream.write({ $type: 'jumun.orders.v1.PlaceOrdersRequest', orders: [call(1), call(2)] });
  while (underWay.size < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  stopping.abort();
  const drained = drain(server, GRACE_MS);
  for (const late of [3, 4, 5]) {
    stream.write({ $type: 'jumun.orders.v1.PlaceOrdersRequest', orders: [call(late)] });
    await once(stream, 'data');
  }
  expect(answered).toEqual([3, 4, 5].map((late) => [late, 'refused']));
  expect([...underWay.keys()]).toEqual([1, 2]);
  underWay.get(2)?.();
  await once(stream, 'data');
  underWay.get(1)?.();
  await Promise.all([ended, drained]);
  expect(answered.slice(3)).toEqual([2, 1].map((open) => [open, 'accepted']));
  client.close();
});

it('what is ready at once goes out in messages that are never too large for the other side', async () => {
  const { server, client, stream } = await serve(({ callId }) => Promise.resolve(accepted(callId)), new AbortController().signal);
  const sizes: number[] = [];
  const answered: number[] = [];
  stream.on('data', ({ results }: orders.PlaceOrdersResponse) => {
    sizes.push(results.length);
    answered.push(...results.map(({ callId }) => callId));
  });
  const calls = Array.from({ length: 250 }, (_, index) => call(index));
  stream.write({ $type: 'jumun.orders.v1.PlaceOrdersRequest', orders: calls });
  stream.end();
  await once(stream, 'end');
  expect(sizes).toEqual([100, 100, 50]);
  expect(answered).toEqual(calls.map(({ callId }) => callId));
  client.close();
  await drain(server, GRACE_MS);
});

import { setTimeout as pause } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { orders, refusal } from '@jumun/protos';
import { createLogger, OverloadedError, UpstreamUnavailable } from '@jumun/service-kit';
import { eventually } from '@jumun/testkit';
import { openOrderStreams, type OrderStreams } from './order-streams.ts';

type Outcome = orders.PlaceOrderResult['outcome'];
type Stream = ServerDuplexStream<orders.PlaceOrdersRequest, orders.PlaceOrdersResponse>;

const accepted: Outcome = { $case: 'accepted', accepted: orders.Order.fromPartial({ id: 'o' }) };
const refused = (kind: 'unavailable' | 'overloaded' | 'couponNotFound'): Outcome => ({ $case: 'refused', refused: refusal(kind) });
const order = (waitMs = 1_000) => ({ userId: 'u', idempotency: undefined, lines: [], waitMs, traceparent: '' });

/** The other end of a stream, by a clock that shows something else than ours: keeps what comes, and answers when it is told to. */
const openFake = async (clockAheadMs = 1_000_000) => {
  const clockMs = (): number => Math.floor(performance.now() + clockAheadMs);
  const calls: orders.PlaceOrder[] = [];
  let stream: Stream | undefined;
  const server = new Server();
  server.addService(orders.OrderServiceService, {
    placeOrders: (opened: Stream) => {
      stream = opened;
      opened.write(orders.PlaceOrdersResponse.fromPartial({ clockMs: clockMs() }));
      opened.on('data', (request: orders.PlaceOrdersRequest) => calls.push(...request.orders));
      opened.on('error', () => {});
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  return {
    address: `127.0.0.1:${port}`,
    calls,
    answer: (outcome: Outcome, { replayed = false, those = calls.slice(-1) } = {}) =>
      stream?.write(
        orders.PlaceOrdersResponse.fromPartial({ clockMs: clockMs(), results: those.map(({ callId }) => ({ callId, outcome, replayed })) }),
      ),
    /** How long it may still accept that call, in ms. */
    timeLeftMs: ({ acceptUntilMs }: orders.PlaceOrder) => acceptUntilMs - clockMs(),
    /** Waits until so many calls have come in all. */
    has: (count: number) => eventually(() => calls.length === count),
    end: () => stream?.end(),
    close: () => server.forceShutdown(),
  };
};

let fake: Awaited<ReturnType<typeof openFake>>;
let streams: OrderStreams;
beforeEach(async () => {
  fake = await openFake();
  streams = openOrderStreams([fake.address], createLogger('test', 'silent'));
  await eventually(() => streams.connected());
});
afterEach(() => {
  streams.close();
  fake.close();
});

it('a replay is told to who asks again, and not to who has called once and was sent again', async () => {
  const replayed = streams.place(order());
  await fake.has(1);
  fake.answer(accepted, { replayed: true });
  expect(await replayed).toMatchObject({ replayed: true, outcome: { $case: 'accepted' } });

  const refusedFirst = streams.place(order());
  await fake.has(2);
  fake.answer(refused('unavailable'));
  await fake.has(3);
  fake.answer(accepted, { replayed: true });
  expect(await refusedFirst).toMatchObject({ replayed: false, outcome: { $case: 'accepted' } });

  const cutFirst = streams.place(order());
  await fake.has(4);
  fake.end();
  await fake.has(5);
  fake.answer(accepted, { replayed: true });
  expect(await cutFirst).toMatchObject({ replayed: false, outcome: { $case: 'accepted' } });
});

it('what waits to be sent again is not sent twice when its stream ends meanwhile', async () => {
  const [turnedAway, kept] = [streams.place(order()), streams.place(order())];
  await fake.has(2);
  const [first, second] = fake.calls.map(({ callId }) => callId);
  fake.answer(refused('unavailable'), { those: fake.calls.slice(0, 1) });
  fake.end();
  await fake.has(4);
  expect(fake.calls.map(({ callId }) => callId)).toEqual([first, second, first, second]);
  const late = streams.place(order());
  await fake.has(5);
  fake.answer(refused('unavailable')); // sent again after a pause that began later: by then the others' is over
  await fake.has(6);
  expect(fake.calls.at(-1)?.callId).toBe(fake.calls.at(-2)?.callId);
  fake.answer(accepted, { those: fake.calls.slice(2, 5) });
  for (const placed of [turnedAway, kept, late]) expect(await placed).toMatchObject({ outcome: { $case: 'accepted' } });
});

it('an overload is the answer to what was sent once; what was sent before is sent once more, and unknown in the end', async () => {
  const once = streams.place(order());
  await fake.has(1);
  fake.answer(refused('overloaded'));
  expect(await once).toMatchObject({ outcome: refused('overloaded') });

  const before = streams.place(order());
  await fake.has(2);
  fake.end();
  await fake.has(3);
  fake.answer(refused('overloaded'));
  await fake.has(4);
  fake.answer(accepted);
  expect(await before).toMatchObject({ outcome: { $case: 'accepted' } });

  const never = streams.place(order(-2_000)); // three seconds are left of the time that an answer may take
  await fake.has(5);
  fake.end();
  await fake.has(6);
  const told = never.catch((error: unknown) => error);
  const insisted = setInterval(() => fake.answer(refused('overloaded')), 20);
  expect(await told).toBeInstanceOf(UpstreamUnavailable);
  clearInterval(insisted);
});

describe('a refusal', () => {
  let other: Awaited<ReturnType<typeof openFake>>;
  let both: OrderStreams;
  beforeEach(async () => {
    other = await openFake(-500_000);
    both = openOrderStreams([fake.address, other.address], createLogger('test', 'silent'));
    const placed: Promise<unknown>[] = [];
    await eventually(() => {
      placed.push(both.place(order()));
      return fake.calls.length > 0 && other.calls.length > 0; // so both are open
    });
    await eventually(() => fake.calls.length + other.calls.length === placed.length);
    for (const each of [fake, other]) each.answer(accepted, { those: each.calls });
    await Promise.all(placed);
    for (const each of [fake, other]) each.calls.length = 0;
  });
  afterEach(() => {
    both.close();
    other.close();
  });
  /** A call that one of them has, and the other one will be asked for. */
  const sentToOne = async (waitMs: number) => {
    const placed = both.place(order(waitMs));
    await eventually(() => fake.calls.length + other.calls.length === 1);
    const [first, second] = fake.calls.length === 1 ? [fake, other] : [other, fake];
    return { placed, first, second, call: first.calls[0] as orders.PlaceOrder };
  };

  it('is told at once when nobody else was asked', async () => {
    const { placed, first, call } = await sentToOne(1_000);
    expect(first.timeLeftMs(call)).toBeGreaterThan(0);
    expect(first.timeLeftMs(call)).toBeLessThanOrEqual(3_000);
    first.answer(refused('couponNotFound'));
    expect(await placed).toMatchObject({ outcome: refused('couponNotFound') });
  });

  it('by the second is told only when the first, whose stream has broken, may not accept it any more', async () => {
    const { placed, first, second, call } = await sentToOne(0);
    first.close();
    const refusing = setInterval(() => second.answer(refused('couponNotFound')), 20);
    expect(await placed).toMatchObject({ outcome: refused('couponNotFound') });
    clearInterval(refusing);
    expect(first.timeLeftMs(call)).toBeLessThanOrEqual(0);
    expect(second.calls.length).toBeGreaterThan(1); // it was asked until then
  });

  it('of an earlier copy is not told while a later one is out, and who owes an answer is sent no other copy', async () => {
    const { placed, first, second, call } = await sentToOne(0);
    await second.has(1); // the first is overdue
    second.answer(refused('unavailable'));
    await second.has(2);
    expect(first.calls).toHaveLength(1);
    first.answer(refused('couponNotFound'), { those: [call] });
    await pause(100);
    second.answer(accepted);
    expect(await placed).toMatchObject({ outcome: { $case: 'accepted' } });
  });

  it('is not waited for by the second when the first, overdue, accepts after all', async () => {
    const { placed, first, second, call } = await sentToOne(1_000);
    await second.has(1); // the first is overdue
    first.answer(accepted, { those: [call] });
    expect(await placed).toMatchObject({ outcome: { $case: 'accepted' } });
    expect(first.timeLeftMs(call)).toBeLessThanOrEqual(0);
  });
});

describe('when a call has waited to its end', () => {
  let nowMs: number;
  const realNow = performance.now.bind(performance);
  beforeEach(() => {
    nowMs = performance.now();
    performance.now = () => nowMs;
    jest.useFakeTimers({ doNotFake: ['Date', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate'] });
  });
  afterEach(() => {
    jest.useRealTimers();
    performance.now = realNow;
  });
  const pass = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 10) {
      nowMs += 10;
      jest.advanceTimersByTime(10);
    }
  };
  const told = (placed: Promise<unknown>): Promise<unknown> => placed.catch((error: unknown) => error);
  /** A call with so much time left until it is given up, beside one that is healthy and waits on the same stream, both sent. */
  const sent = async (leftMs: number) => {
    const calls = { healthy: told(streams.place(order())), short: told(streams.place(order(leftMs - 5_000))) };
    await fake.has(2);
    return calls;
  };
  /** What the second call was refused with has come in: an answer after it has. */
  const turnAwayShort = async (): Promise<void> => {
    const after = streams.place(order());
    await fake.has(3);
    fake.answer(refused('unavailable'), { those: fake.calls.slice(1, 2) });
    fake.answer(accepted);
    await after;
  };
  /** Whether the stream was cut: then what is healthy and still waits on it is sent once more. */
  const isCut = async (): Promise<boolean> => {
    const [first] = fake.calls;
    for (let look = 0; look < 25; look++) {
      pass(20); // in all, longer than it is waited before another stream is opened
      await pause(10);
    }
    return fake.calls.filter(({ callId }) => callId === first?.callId).length > 1;
  };

  it('a stream that owes its answer is cut', async () => {
    const { healthy, short } = await sent(1_000);
    pass(1_250);
    expect(await short).toBeInstanceOf(UpstreamUnavailable);
    await eventually(isCut);
    fake.answer(accepted);
    expect(await healthy).toMatchObject({ outcome: { $case: 'accepted' } });
  });

  it('a stream that has answered it, so that it only waits to be sent again, is not', async () => {
    const { healthy, short } = await sent(800);
    await turnAwayShort();
    nowMs += 600; // the process did not get its turn: the pause and the time are over at once
    pass(250);
    expect(await short).toBeInstanceOf(UpstreamUnavailable);
    expect(await isCut()).toBe(false);
    fake.answer(accepted, { those: fake.calls.slice(0, 1) });
    expect(await healthy).toMatchObject({ outcome: { $case: 'accepted' } });
  });

  it('nor one whose answer lies here, and was not read as the process stood still', async () => {
    const { healthy, short } = await sent(1_000);
    fake.answer(accepted, { those: fake.calls });
    nowMs += 60_000;
    pass(250);
    for (const call of [healthy, short]) expect(await call).toMatchObject({ outcome: { $case: 'accepted' } });
  });

  it('a process that is late every time ends waits all the same', async () => {
    const { healthy, short } = await sent(1_000);
    for (let look = 0; look < 2; look++) {
      nowMs += 2_000;
      pass(250);
    }
    expect(await short).toBeInstanceOf(UpstreamUnavailable);
    await eventually(isCut);
    fake.answer(accepted);
    expect(await healthy).toMatchObject({ outcome: { $case: 'accepted' } });
  });

  it('nor one that was sent it a moment ago', async () => {
    const { healthy, short } = await sent(600);
    await turnAwayShort();
    pass(300);
    await fake.has(4);
    pass(450);
    expect(await short).toBeInstanceOf(UpstreamUnavailable);
    expect(await isCut()).toBe(false);
    fake.answer(accepted, { those: fake.calls.slice(0, 1) });
    expect(await healthy).toMatchObject({ outcome: { $case: 'accepted' } });
  });
});

it('10,000 orders wait while a participant is away; one more is too much', async () => {
  const waiting = Array.from({ length: 10_000 }, () => streams.place(order(30_000)));
  await expect(streams.place(order())).rejects.toBeInstanceOf(OverloadedError);
  await fake.has(10_000);
  fake.answer(accepted, { those: fake.calls });
  for (const { outcome } of await Promise.all(waiting)) expect(outcome?.$case).toBe('accepted');
});

import { jest } from '@jest/globals';
import type { Consumer } from '@jumun/messaging';
import { type orders, topicNames } from '@jumun/protos';
import { newId } from '@jumun/service-kit';
import { eventually, type RunningService } from '@jumun/testkit';
import { type Counter, openCounter } from '../test/counter.ts';
import { openSuite, type Suite } from '../test/suite.ts';

jest.setTimeout(180_000);

let suite: Suite;
let orchestrator: RunningService;
let counter: Counter;
let product: string;
let buyer: string;
let balance: number;
let listener: Consumer | undefined;
const events = new Map<string, string[]>();

beforeAll(async () => {
  suite = await openSuite();
  orchestrator = await suite.startOrchestrator();
  counter = openCounter(orchestrator.grpc);
  product = await suite.newProduct(1_000, 1_000);
  buyer = await suite.newBuyer(1_000_000);
  balance = 1_000_000;
  listener = await suite.bus.consume({
    group: 'listener',
    topics: [topicNames.orderEvents],
    handle: (batch) => {
      for (const { id, raw } of batch) events.set(id, [...(events.get(id) ?? []), raw.value?.toString('hex') ?? '']);
      return Promise.resolve();
    },
  });
}, 180_000);
afterAll(async () => {
  counter?.close();
  await listener?.stop();
  await suite?.close();
});

/** An order that meets the fault, insisted on as a client would, while the orchestrator is started again where it was. */
const orderThrough = async (point: string): Promise<{ order: orders.Order; key: string }> => {
  orchestrator.arm(point, 'kill');
  const key = newId();
  const answered = counter.insist({ userId: buyer, items: [[product, 1]], key });
  expect(await orchestrator.ended).toBe('SIGKILL');
  orchestrator = await suite.startOrchestrator({}, orchestrator.grpc);
  const { outcome } = await answered;
  if (outcome?.$case !== 'ended') throw new Error(`not ended: ${JSON.stringify(outcome)}`);
  return { order: outcome.ended, key };
};

describe('killed in the gap between two effects, and started again', () => {
  it.each([
    ['accept:written-not-committed'],
    ['accept:committed-not-sent'],
    ['saga:written-not-committed'],
    ['saga:committed-not-sent'],
    ['saga:ended-not-answered'],
    ['event:sent-not-marked'],
  ])('%s: the order completes once, is paid once, told alike, and its key says the same', async (point) => {
    const { order, key } = await orderThrough(point);
    expect(order.status).toBe('ORDER_STATUS_COMPLETED');
    expect(await suite.db.query('SELECT effect_id AS id FROM idempotency WHERE idempotency_key = ?', [key])).toEqual([{ id: order.id }]);
    expect(await suite.balanceOf(buyer)).toBe((balance -= 1_000));
    await eventually(
      async () => {
        const [saga] = await suite.db.query<{ sent: Date | null }>('SELECT event_sent_at AS sent FROM sagas WHERE id = ?', [order.id]);
        return saga?.sent !== null && events.has(order.id);
      },
      { withinMs: 60_000 },
    );
    expect(new Set(events.get(order.id)).size).toBe(1);
    const again = await counter.insist({ userId: buyer, items: [[product, 1]], key });
    expect(again).toMatchObject({ replayed: true, outcome: { $case: 'ended', ended: order } });
  });
});

/** The order as it is once it has ended. */
const ended = (id: string, address: string): Promise<orders.Order | undefined> => {
  const client = suite.ordersOf(address);
  return eventually(
    async () => {
      const { order } = await client.getOrder({ orderId: id, userId: buyer });
      return order?.completedAt === undefined ? undefined : order;
    },
    { withinMs: 90_000 },
  );
};

describe('recovery', () => {
  it('a participant that stays away for many idle periods delays an order and loses none: the client gets its 202, and it ends by itself', async () => {
    suite.participants.wallet.arm('inbox:committed-not-answered', 'kill');
    const placed = await counter.insist({ userId: buyer, items: [[product, 1]], waitMs: 1_000 });
    if (placed.outcome?.$case !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(placed.outcome)}`);
    const { id } = placed.outcome.accepted;
    expect(await suite.participants.wallet.ended).toBe('SIGKILL');
    // With twice the patience each time, the third repetition is asked for after seven idle periods.
    const client = suite.ordersOf(orchestrator.grpc);
    await eventually(
      async () => (await client.getTimeline({ orderId: id, userId: buyer })).items.filter(({ kind }) => kind === 'asked-again').length >= 3,
      { withinMs: 30_000 },
    );
    expect((await client.getOrder({ orderId: id, userId: buyer })).order).toMatchObject({
      status: 'ORDER_STATUS_PROCESSING',
      completedAt: undefined,
    });
    await suite.restart('wallet');
    expect(await ended(id, orchestrator.grpc)).toMatchObject({ status: 'ORDER_STATUS_COMPLETED' });
    expect(await suite.balanceOf(buyer)).toBe((balance -= 1_000));
  });

  it('any instance takes up what another had begun', async () => {
    orchestrator.arm('saga:committed-not-sent', 'kill');
    const placed = await counter.insist({ userId: buyer, items: [[product, 1]], waitMs: 0 });
    if (placed.outcome?.$case !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(placed.outcome)}`);
    await orchestrator.ended;
    const other = await suite.startOrchestrator();
    expect(await ended(placed.outcome.accepted.id, other.grpc)).toMatchObject({ status: 'ORDER_STATUS_COMPLETED' });
    expect(await suite.balanceOf(buyer)).toBe((balance -= 1_000));
    expect(await other.end()).toBe(0);
  });
});

import { orders, refusalData, topicNames } from '@jumun/protos';
import { newId } from '@jumun/service-kit';
import { eventually, reflect, type RunningService } from '@jumun/testkit';
import { type Counter, openCounter, type Order } from '../test/counter.ts';
import { openSuite, type Suite } from '../test/suite.ts';

const START_MS = 180_000;

let suite: Suite;
let orchestrators: [RunningService, RunningService];
let counters: [Counter, Counter];
let tea: string;
let kim: string;

beforeAll(async () => {
  suite = await openSuite();
  orchestrators = await Promise.all([suite.startOrchestrator(), suite.startOrchestrator()]);
  counters = [openCounter(orchestrators[0].grpc), openCounter(orchestrators[1].grpc)];
  tea = await suite.newProduct(1_000, 10_000);
  kim = await suite.newBuyer(1_000_000);
}, START_MS);
afterAll(async () => {
  for (const counter of counters ?? []) counter.close();
  await suite?.close();
});

const endedOf = ({ outcome }: orders.PlaceOrderResult): orders.Order => {
  if (outcome?.$case !== 'ended') throw new Error(`not ended: ${JSON.stringify(outcome)}`);
  return outcome.ended;
};
const refusedOf = ({ outcome }: orders.PlaceOrderResult): Record<string, unknown> =>
  outcome?.$case === 'refused' ? refusalData(outcome.refused) : { not: 'refused', outcome };
const rows = async (): Promise<unknown> => {
  const counted = ['orders', 'order_lines', 'sagas', 'idempotency'].map(async (table) => [
    table,
    (await suite.db.query<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`))[0]?.n,
  ]);
  return Object.fromEntries(await Promise.all(counted));
};

describe('an order', () => {
  it('goes through the whole saga, and its answer, row, history and event agree', async () => {
    const events: orders.OrderCompleted[] = [];
    const listening = await suite.bus.consume({
      group: 'listener',
      topics: [topicNames.orderEvents],
      handle: (batch) => {
        events.push(...batch.map(({ payload }) => payload as orders.OrderCompleted));
        return Promise.resolve();
      },
    });
    const lee = await suite.newBuyer(10_000);
    const [couponId] = await suite.newCoupons([lee]);
    const order = endedOf(await counters[0].place({ userId: lee, items: [[tea, 3]], couponId }));
    expect(order).toMatchObject({
      userId: lee,
      status: 'ORDER_STATUS_COMPLETED',
      paymentStatus: 'PAYMENT_STATUS_SUCCESS',
      subtotal: 3_000,
      discount: 300,
      total: 2_700,
      couponId,
      lines: [{ productId: tea, name: 'Tea', unitPrice: 1_000, quantity: 3, discountShare: 300 }],
    });
    expect(await suite.balanceOf(lee)).toBe(7_300);
    expect(await suite.couponOf(lee)).toMatchObject({ status: 'COUPON_STATUS_USED' });

    const client = suite.ordersOf(orchestrators[1].grpc);
    expect((await client.getOrder({ orderId: order.id, userId: lee })).order).toEqual(order);
    const { items } = await client.getTimeline({ orderId: order.id, userId: lee });
    const kinds = items.map(({ source, kind }) => `${source} ${kind}`);
    expect(kinds.filter((kind) => kind.startsWith('order'))).toEqual([
      'order PENDING',
      'order VALIDATING',
      'order PROCESSING',
      'order COMPLETED',
    ]);
    for (const kind of [
      'inventory StockReserved',
      'coupon CouponHeld',
      'wallet WalletDebited',
      'inventory StockCommitted',
      'coupon CouponUsed',
    ])
      expect(kinds.filter((each) => each === kind)).toHaveLength(1);
    expect(JSON.parse(items.find(({ kind }) => kind === 'WalletDebited')?.detailJson ?? '')).toMatchObject({ step: 'pay', attempt: 1 });

    const told = await eventually(() => events.find((event) => event.order?.id === order.id));
    const [moved] = await suite.db.query<{ version: number }>('SELECT version FROM sagas WHERE id = ?', [order.id]);
    expect(told).toMatchObject({
      $type: 'jumun.orders.v1.OrderCompleted',
      order: { ...order, lines: order.lines },
      version: moved?.version,
    });
    await eventually(async () => {
      const [saga] = await suite.db.query<{ sent: Date | null; nextAt: Date | null }>(
        'SELECT event_sent_at AS sent, next_at AS nextAt FROM sagas WHERE id = ?',
        [order.id],
      );
      return saga?.sent !== null && saga?.nextAt === null;
    });
    await listening.stop();
  });

  it('is answered at once to who does not wait, and ends by itself', async () => {
    const { outcome } = await counters[0].place({ userId: kim, items: [[tea, 1]], waitMs: 0 });
    if (outcome?.$case !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(outcome)}`);
    const client = suite.ordersOf(orchestrators[0].grpc);
    const read = async () => (await client.getOrder({ orderId: outcome.accepted.id, userId: kim })).order;
    const order = await eventually(
      async () => {
        const now = await read();
        return now?.completedAt === undefined ? undefined : now;
      },
      { withinMs: 30_000 },
    );
    expect(order).toMatchObject({ id: outcome.accepted.id, status: 'ORDER_STATUS_COMPLETED', paymentStatus: 'PAYMENT_STATUS_SUCCESS' });
  });

  it('costs nothing when the coupon pays for all of it', async () => {
    const poor = await suite.newBuyer(0);
    const [couponId] = await suite.newCoupons([poor], { value: 100 });
    expect(endedOf(await counters[0].place({ userId: poor, items: [[tea, 1]], couponId }))).toMatchObject({
      status: 'ORDER_STATUS_COMPLETED',
      total: 0,
      discount: 1_000,
    });
  });
});

describe('a hopeless order', () => {
  it('is refused with the first reason that applies, and leaves nothing behind', async () => {
    const park = await suite.newBuyer(5_000);
    const [used, fresh, other] = await suite.newCoupons([park, await suite.newBuyer(0), kim], { minOrderAmount: 2_000 });
    const scarce = await suite.newProduct(1_000, 2);
    endedOf(await counters[0].place({ userId: park, items: [[scarce, 2]], couponId: used }));
    const before = await rows();
    const refused = async (order: Parameters<Counter['place']>[0]) => refusedOf(await counters[0].place(order));
    const nothing = newId();

    expect(await refused({ userId: newId(), items: [[nothing, 1]] })).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await refused({ userId: park, items: [[nothing, 1]], couponId: nothing })).toEqual({
      code: 'PRODUCT_NOT_FOUND',
      productId: nothing,
    });
    expect(await refused({ userId: park, items: [[scarce, 99]], couponId: nothing })).toMatchObject({
      code: 'OUT_OF_STOCK',
      shortages: [{ requested: 99 }],
    });
    expect(await refused({ userId: park, items: [[tea, 99]], couponId: nothing })).toEqual({ code: 'COUPON_NOT_FOUND' });
    expect(await refused({ userId: park, items: [[tea, 99]], couponId: fresh })).toEqual({ code: 'COUPON_NOT_FOUND' });
    expect(await refused({ userId: park, items: [[tea, 99]], couponId: used })).toEqual({
      code: 'COUPON_ALREADY_USED',
      couponStatus: 'USED',
    });
    expect(await refused({ userId: kim, items: [[tea, 1]], couponId: other })).toEqual({
      code: 'COUPON_NOT_APPLICABLE',
      minOrderAmount: 2_000,
    });
    expect(await refused({ userId: park, items: [[tea, 99]] })).toEqual({
      code: 'INSUFFICIENT_BALANCE',
      balance: 3_200,
      required: 99_000,
      shortBy: 95_800,
    });
    expect(await rows()).toEqual(before);
  });

  it('spoils nothing for the others of its batch, and its key is judged afresh', async () => {
    const jo = await suite.newBuyer(1_000);
    const key = newId();
    const batch = await Promise.all([
      counters[0].place({ userId: jo, items: [[tea, 2]], key }),
      ...Array.from({ length: 5 }, () => counters[0].place({ userId: kim, items: [[tea, 1]] })),
    ]);
    expect(batch.map(({ outcome }) => outcome?.$case)).toEqual(['refused', ...Array.from({ length: 5 }, () => 'ended')]);
    expect(endedOf(await counters[0].place({ userId: jo, items: [[tea, 1]], key })).status).toBe('ORDER_STATUS_COMPLETED');
  });
});

describe('a key', () => {
  it('stands for one order, however many ask at once, wherever', async () => {
    const key = newId();
    const before = await suite.balanceOf(kim);
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? counters[0] : counters[1]).place({ userId: kim, items: [[tea, 1]], key })),
    );
    expect(new Set(results.map((result) => endedOf(result).id)).size).toBe(1);
    expect(results.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(await suite.balanceOf(kim)).toBe(before - 1_000);
  });

  it('answers again where a new order would be refused, and refuses another body', async () => {
    const key = newId();
    const buyer = await suite.newBuyer(1_000);
    const order = { userId: buyer, items: [[tea, 1]] as const, key };
    const first = endedOf(await counters[0].place(order));
    const again = await counters[1].place(order);
    expect(again.replayed).toBe(true);
    expect(endedOf(again)).toEqual(first);
    expect(refusedOf(await counters[0].place({ ...order, fingerprint: 'b'.repeat(64) }))).toEqual({ code: 'IDEMPOTENCY_KEY_REUSED' });
    expect(await suite.balanceOf(buyer)).toBe(0);
  });
});

describe('rivals', () => {
  it('ten orders on a wallet for two: two are paid, the others undone with the reason', async () => {
    const buyer = await suite.newBuyer(2_000);
    const stock = await suite.stockOf(tea);
    const keys = Array.from({ length: 10 }, () => newId());
    const placeAll = () =>
      Promise.all(keys.map((key, i) => (i % 2 === 0 ? counters[0] : counters[1]).place({ userId: buyer, items: [[tea, 1]], key })));
    const results = await placeAll();
    const ended = results.flatMap(({ outcome }) => (outcome?.$case === 'ended' ? [outcome.ended] : []));
    expect(ended.filter(({ status }) => status === 'ORDER_STATUS_COMPLETED')).toHaveLength(2);
    for (const { status, reason, paymentStatus } of ended.filter((order) => order.status !== 'ORDER_STATUS_COMPLETED')) {
      expect({ status, paymentStatus }).toEqual({ status: 'ORDER_STATUS_CANCELLED', paymentStatus: 'PAYMENT_STATUS_FAILED' });
      expect(refusalData(reason ?? orders.Order.fromPartial({ reason: {} }).reason!)).toMatchObject({
        code: 'INSUFFICIENT_BALANCE',
        required: 1_000,
      });
    }
    for (const result of results.filter(({ outcome }) => outcome?.$case !== 'ended'))
      expect(refusedOf(result)).toMatchObject({ code: 'INSUFFICIENT_BALANCE' });
    expect(await suite.balanceOf(buyer)).toBe(0);
    expect(await suite.stockOf(tea)).toBe(stock - 2);
    // What its saga refused is kept, and answered again; what the quote refused was never there.
    const replays = await placeAll();
    expect(replays.flatMap(({ outcome, replayed }) => (outcome?.$case === 'ended' && replayed ? [outcome.ended] : []))).toEqual(ended);
  });

  it('two orders on one coupon: one has it, and the other one’s stock is free again', async () => {
    const buyer = await suite.newBuyer(10_000);
    const [couponId] = await suite.newCoupons([buyer]);
    const stock = await suite.stockOf(tea);
    const results = await Promise.all(counters.map((counter) => counter.place({ userId: buyer, items: [[tea, 1]], couponId })));
    const completed = results.filter(({ outcome }) => outcome?.$case === 'ended' && outcome.ended.status === 'ORDER_STATUS_COMPLETED');
    expect(completed).toHaveLength(1);
    const [loser] = results.filter((result) => !completed.includes(result));
    const why = loser?.outcome?.$case === 'ended' ? refusalData(loser.outcome.ended.reason!) : refusedOf(loser!);
    expect(why).toMatchObject({ code: 'COUPON_ALREADY_USED' });
    expect(await suite.balanceOf(buyer)).toBe(9_100);
    expect(await suite.stockOf(tea)).toBe(stock - 1);
  });
});

describe('reading', () => {
  it('pages through a user’s orders, newest first, and knows nothing of others’', async () => {
    const buyer = await suite.newBuyer(3_000);
    const placed: string[] = [];
    for (let i = 0; i < 3; i++) placed.unshift(endedOf(await counters[0].place({ userId: buyer, items: [[tea, 1]] })).id);
    const client = suite.ordersOf(orchestrators[0].grpc);
    const list = async (cursor: string, status?: orders.OrderStatus) => {
      const { outcome } = await client.listOrders({ userId: buyer, limit: 2, cursor, status });
      return outcome?.$case === 'page' ? outcome.page : orders.OrderPage.fromPartial({});
    };
    const first = await list('');
    expect(first.items.map(({ id }) => id)).toEqual(placed.slice(0, 2));
    expect((await list(first.nextCursor ?? '')).items.map(({ id }) => id)).toEqual(placed.slice(2));
    expect((await list('', orders.OrderStatus.CANCELLED)).items).toEqual([]);
    const bad = await client.listOrders({ userId: buyer, limit: 2, cursor: 'nonsense' });
    expect(bad.outcome?.$case === 'refused' && refusalData(bad.outcome.refused)).toMatchObject({
      code: 'INVALID_REQUEST',
      errors: [{ path: '?cursor' }],
    });
    expect((await client.getOrder({ orderId: placed[0] ?? '', userId: kim })).order).toBeUndefined();
    expect((await client.getTimeline({ orderId: placed[0] ?? '', userId: kim })).known).toBe(false);
  });
});

describe('when others are away', () => {
  it('an upstream that does not answer is unavailable, and nothing is left behind', async () => {
    const key = newId();
    await suite.participants.coupon.end('SIGKILL');
    const [couponId] = [newId()];
    const before = await rows();
    const refused = refusedOf(await counters[0].place({ userId: kim, items: [[tea, 1]], couponId, key }));
    expect(refused).toEqual({ code: 'UNAVAILABLE' });
    expect(await rows()).toEqual(before);
    await suite.restart('coupon');
    await eventually(
      async () => refusedOf(await counters[0].place({ userId: kim, items: [[tea, 1]], couponId, key }))['code'] === 'COUPON_NOT_FOUND',
      {
        withinMs: 30_000,
      },
    );
  });

  it('an order that is paid and not yet handed over says so, alone and in the list', async () => {
    const buyer = await suite.newBuyer(1_000);
    suite.participants.wallet.arm('inbox:committed-not-answered', 'stall 3000');
    const placing = counters[0].place({ userId: buyer, items: [[tea, 1]], waitMs: 0 });
    await eventually(() => !suite.participants.wallet.isArmed('inbox:committed-not-answered'), { withinMs: 30_000 });
    await suite.participants['catalog-inventory'].end('SIGKILL');
    const { outcome } = await placing;
    if (outcome?.$case !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(outcome)}`);
    const client = suite.ordersOf(orchestrators[0].grpc);
    const read = async () => (await client.getOrder({ orderId: outcome.accepted.id, userId: buyer })).order;
    const paid = await eventually(async () => ((await read())?.paidAt === undefined ? undefined : read()), { withinMs: 30_000 });
    expect(paid).toMatchObject({ status: 'ORDER_STATUS_PROCESSING', paymentStatus: 'PAYMENT_STATUS_SUCCESS', completedAt: undefined });
    const list = async (status?: orders.OrderStatus) => (await client.listOrders({ userId: buyer, limit: 1, cursor: '', status })).outcome;
    expect(await list()).toMatchObject({ page: { items: [paid] } });
    expect(await list(orders.OrderStatus.PROCESSING)).toMatchObject({ page: { items: [paid] } });
    expect(await list(orders.OrderStatus.VALIDATING)).toMatchObject({ page: { items: [] } });
    expect(await list(orders.OrderStatus.COMPLETED)).toMatchObject({ page: { items: [] } });
    await suite.restart('catalog-inventory');
    const completed = await eventually(async () => ((await read())?.completedAt === undefined ? undefined : read()), { withinMs: 60_000 });
    expect(completed).toMatchObject({ paymentStatus: 'PAYMENT_STATUS_SUCCESS', paidAt: paid?.paidAt });
    expect(await list(orders.OrderStatus.PROCESSING)).toMatchObject({ page: { items: [] } });
    expect(await list(orders.OrderStatus.COMPLETED)).toMatchObject({ page: { items: [completed] } });
    // Until each orchestrator has found the catalog again.
    for (const counter of counters) endedOf(await counter.insist({ userId: kim, items: [[tea, 1]] }));
  });

  it('counts what it does', async () => {
    const metrics = await (await fetch(`http://${orchestrators[0].internal}/metrics`)).text();
    for (const line of [
      /jumun_sagas\{state="running"\} \d/,
      /jumun_sagas\{state="stuck"\} 0/,
      /jumun_saga_step_seconds_count\{step="pay",reply="WalletDebited"\} \d/,
    ])
      expect(metrics).toMatch(line);
  });

  it('describes itself', async () => {
    const methods = Object.values(orders.OrderServiceService).map(({ path }) => path);
    expect((await reflect(orchestrators[0].grpc)).services).toMatchObject({ 'jumun.orders.v1.OrderService': methods });
  });

  it('stops within its time; what is under way is answered, or, where it takes longer than a stop may, by its key elsewhere', async () => {
    const { wallet } = suite.participants;
    wallet.arm('inbox:written-not-committed', 'stall 2500'); // for longer than it may take to be seen
    const park = await suite.newBuyer(1_000);
    const wish: Order = { userId: park, items: [[tea, 1]], key: newId() };
    const underWay = counters[1].place(wish).catch(() => counters[0].insist(wish));
    const client = suite.ordersOf(orchestrators[0].grpc);
    const isPaying = async () => {
      const { outcome } = await client.listOrders({ userId: park, limit: 1, cursor: '', status: orders.OrderStatus.PROCESSING });
      return outcome?.$case === 'page' && outcome.page.items.length === 1;
    };
    await eventually(async () => !wallet.isArmed('inbox:written-not-committed') && (await isPaying()));
    const ended = orchestrators[1].end();
    expect(endedOf(await underWay)).toMatchObject({ status: 'ORDER_STATUS_COMPLETED' });
    expect(await ended).toBe(0);
  });
});

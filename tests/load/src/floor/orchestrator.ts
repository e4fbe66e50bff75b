import { batcher, type Database, newId } from '@jumun/service-kit';
import { type Batches, openStream } from './kafka.ts';
import { askLines, serveLines } from './lines.ts';
import type { Command, FloorSetting, Order, Reply } from './setting.ts';

/** A saga in memory. Its row is written at each move, and never read. */
interface Saga extends Order {
  readonly orderId: string;
  readonly total: number;
  readonly price: number;
  readonly history: { at: number; type: string }[];
  stage: 'reserve' | 'pay' | 'commit' | 'ended';
  version: number;
  /** Replies that the stage still waits for. */
  open: number;
  readonly ended: () => void;
}

const ORDERS_MAX = 200;
const REPLIES_MAX = 500;

const STEPS = {
  reserve: [
    ['inventory', 'ReserveStock'],
    ['coupon', 'HoldCoupon'],
  ],
  pay: [['wallet', 'DebitWallet']],
  commit: [
    ['inventory', 'CommitStock'],
    ['coupon', 'UseCoupon'],
  ],
  ended: [['events', 'OrderCompleted']],
} as const;
const NEXT = { reserve: 'pay', pay: 'commit', commit: 'ended' } as const;

/** Enters a stage: adds what it sends to the batches. */
const enter = (saga: Saga, stage: Saga['stage'], batches: Batches): void => {
  const { orderId, userId, optionId, quantity, total, couponId = '' } = saga;
  const steps = STEPS[stage].filter(([topic]) => topic !== 'coupon' || couponId !== '');
  saga.stage = stage;
  saga.open = steps.length;
  for (const [topic, type] of steps) {
    const command: Command = { id: `${orderId}/${type}/1`, type, orderId, userId, optionId, quantity, total, couponId };
    (batches[topic] ??= []).push(command);
  }
};

const COMPLETE = "UPDATE orders SET status = 'COMPLETED', completed_at = UTC_TIMESTAMP(3) WHERE id IN (?)";
const MOVED = 'ON DUPLICATE KEY UPDATE progress = VALUES(progress), version = VALUES(version)';

/** Accepts orders, asks for their steps, and answers when they have ended. Nothing is asked twice, timed out, undone or taken up again. */
export const orchestrator = async (setting: FloorSetting, db: Database): Promise<void> => {
  const stream = await openStream(setting, 'orchestrator');
  const sagas = new Map<string, Saga>();
  const prices = askLines<string[], number[]>(setting.ports.inventory);
  const balances = askLines<string[], number[]>(setting.ports.wallet);
  const discounts = askLines<string[], number[]>(setting.ports.coupon);
  const progressOf = ({ stage, open, history }: Saga): string => JSON.stringify({ stage, open, history });

  const accept = batcher<Order, Promise<string>>({
    sizeMax: ORDERS_MAX,
    queueMax: Infinity, // bounded by what the generator has in flight
    run: async (orders) => {
      const coupons = orders.flatMap(({ couponId }) => couponId ?? []);
      const [price] = await Promise.all([
        prices(orders.map(({ optionId }) => optionId)),
        balances(orders.map(({ userId }) => userId)),
        coupons.length === 0 ? [] : discounts(coupons),
      ]);
      const batches: Batches = {};
      const results: Promise<string>[] = [];
      const begun = orders.map((order, index): Saga => {
        const orderId = newId();
        const { promise, resolve } = Promise.withResolvers<string>();
        results.push(promise);
        const total = order.quantity * (price[index] ?? 0);
        const ended = (): void => resolve(orderId);
        const saga: Saga = {
          ...order,
          orderId,
          total,
          price: price[index] ?? 0,
          history: [],
          stage: 'reserve',
          version: 1,
          open: 0,
          ended,
        };
        enter(saga, 'reserve', batches);
        return saga;
      });
      await db.transaction(async ({ insert }) => {
        await Promise.all([
          insert(
            'idempotency',
            begun.map(({ key, orderId }) => [key, orderId]),
          ),
          insert(
            'orders (id, user_id, status, total, created_at)',
            begun.map(({ orderId, userId, total }) => [orderId, userId, 'PENDING', total, new Date()]),
          ),
          insert(
            'order_lines',
            begun.map(({ orderId, optionId, price: each, quantity }) => [orderId, 1, optionId, each, quantity]),
          ),
          insert(
            'sagas',
            begun.map((saga) => [saga.orderId, 1, progressOf(saga), JSON.stringify(saga)]),
          ),
        ]);
      });
      for (const saga of begun) sagas.set(saga.orderId, saga);
      void stream.send(batches);
      return results;
    },
  });

  await stream.consume<Reply>('replies', REPLIES_MAX, async (replies) => {
    const batches: Batches = {};
    const moved = new Set<Saga>();
    for (const { orderId, type } of replies) {
      const saga = sagas.get(orderId);
      if (saga === undefined || saga.stage === 'ended') throw new Error(`a reply to nobody: ${type} of ${orderId}`);
      saga.history.push({ at: Date.now(), type });
      saga.version += 1;
      saga.open -= 1;
      moved.add(saga);
      if (saga.open === 0) enter(saga, NEXT[saga.stage], batches);
    }
    const ended = [...moved].filter(({ stage }) => stage === 'ended');
    await db.transaction(async ({ insert, execute }) => {
      const rows = [...moved].map((saga) => [saga.orderId, saga.version, progressOf(saga), '']);
      await Promise.all([
        insert('sagas (id, version, progress, data)', rows, MOVED),
        ended.length === 0 ? undefined : execute(COMPLETE, [ended.map(({ orderId }) => orderId)]),
      ]);
    });
    for (const saga of ended) {
      sagas.delete(saga.orderId);
      saga.ended();
    }
    await stream.send(batches);
  });
  await serveLines<Order, string>(setting.ports.orchestrator, async (order) => accept(order));
};

import type { orders } from '@jumun/protos';
import { batcher, type Database, monotonicMs, TransientError } from '@jumun/service-kit';
import { endedAmong, readOrders } from '../store/orders.ts';

/**
 * How often is looked up what waits. An order is due after so long, and then each time its wait has doubled, but every second at least: a reply
 * that went to another instance costs that much time and nothing else, and thousands of orders that wait here cost few looks.
 */
const LOOK_EVERY_MS = 250;
const LOOK_AFTER_MAX_MS = 1_000;
/** Orders read at once. */
const READ_SIZE_MAX = 500;
/** So long after a caller's patience the database may be away before the caller hears of it. */
const GRACE_MS = 5_000;

export interface Waited {
  readonly order: orders.Order;
  /** Whether its saga has ended; else the caller's patience has. */
  readonly ended: boolean;
}

interface Waiter {
  readonly since: number;
  readonly until: number;
  /** When its order is next looked up. */
  lookAt: number;
  readonly resolve: (waited: Waited) => void;
  readonly reject: (error: unknown) => void;
}

export interface Waiters {
  /** Resolves at the saga's end, or with the order as it stands after `waitMs`. With `lookNow`, also when it ended long ago. */
  wait(orderId: string, waitMs: number, options?: { lookNow: boolean }): Promise<Waited>;
  /** Tells how orders have ended, as it was committed. Those that nobody waits for are ignored. */
  ended(ended: readonly orders.Order[]): void;
  stop(): void;
}

const hasEnded = ({ status }: orders.Order): boolean => status === 'ORDER_STATUS_COMPLETED' || status === 'ORDER_STATUS_CANCELLED';

/**
 * Who moves an order to its end tells it with the final event, which was committed with the rows and says the same. Whatever another instance
 * has ended is found in the rows, one statement for all that are due. One coarse timer serves everybody.
 */
export const openWaiters = (db: Database): Waiters => {
  const waiting = new Map<string, Waiter[]>();
  const read = batcher<string, orders.Order | undefined>({
    sizeMax: READ_SIZE_MAX,
    queueMax: Infinity, // bounded by the calls that are open
    run: async (ids) => {
      const found = await readOrders(db, ids);
      return ids.map((id) => found.get(id));
    },
  });

  /** Takes those of an order's waiters who are to be answered. */
  const take = (id: string, isDue: (waiter: Waiter) => boolean): Waiter[] => {
    const all = waiting.get(id) ?? [];
    const later = all.filter((waiter) => !isDue(waiter));
    if (later.length > 0) waiting.set(id, later);
    else waiting.delete(id);
    return all.length === later.length ? [] : all.filter(isDue);
  };

  /** Reads the order and answers whoever that settles. While the database is away they stay, and the next look tries again. */
  const settle = async (id: string): Promise<void> => {
    const now = monotonicMs();
    try {
      const order = await read(id);
      if (order === undefined) throw new Error(`order ${id} is waited for, but does not exist`);
      const ended = hasEnded(order);
      for (const { resolve } of take(id, ({ until }) => ended || until <= now)) resolve({ order, ended });
    } catch (cause) {
      const error = new TransientError(`order ${id} cannot be read`, { cause });
      for (const { reject } of take(id, ({ until }) => until + GRACE_MS <= now)) reject(error);
    }
  };
  const settleAll = (ids: readonly string[]): Promise<unknown> => Promise.all(ids.map(settle));

  /** Finds those that have ended; the others are looked up later. */
  const lookUp = async (ids: readonly string[], now: number): Promise<void> => {
    const ended = new Set(await endedAmong(db, ids));
    for (const id of ids)
      if (!ended.has(id)) for (const waiter of waiting.get(id) ?? []) waiter.lookAt = now + Math.min(now - waiter.since, LOOK_AFTER_MAX_MS);
    await settleAll([...ended]);
  };

  const look = async (): Promise<void> => {
    const now = monotonicMs();
    const due: string[] = [];
    const lost: string[] = [];
    for (const [id, waiters] of waiting)
      if (waiters.some(({ until }) => until <= now)) due.push(id);
      else if (waiters.some(({ lookAt }) => lookAt <= now)) lost.push(id);
    await Promise.all([settleAll(due), lookUp(lost, now)]);
  };
  let looking = false;
  const timer = setInterval(() => {
    if (looking || waiting.size === 0) return;
    looking = true;
    void look()
      .catch(() => {}) // the database is away; the next look finds out
      .finally(() => (looking = false));
  }, LOOK_EVERY_MS);

  return {
    wait: (orderId, waitMs, { lookNow } = { lookNow: false }) =>
      new Promise<Waited>((resolve, reject) => {
        const since = monotonicMs();
        const waiter = { since, until: since + waitMs, lookAt: since + LOOK_EVERY_MS, resolve, reject };
        const others = waiting.get(orderId);
        if (others === undefined) waiting.set(orderId, [waiter]);
        else others.push(waiter);
        if (lookNow || waitMs <= 0) void settle(orderId);
      }),
    ended: (ended) => {
      for (const order of ended) for (const { resolve } of take(order.id, () => true)) resolve({ order, ended: true });
    },
    stop: () => clearInterval(timer),
  };
};

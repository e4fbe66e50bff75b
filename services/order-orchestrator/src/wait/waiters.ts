import type { orders } from '@jumun/protos';
import { type Database, monotonicMs, OverloadedError } from '@jumun/service-kit';
import { endedAmong, readOrders } from '../store/orders.ts';

/** How often orders that are waited for are looked up: a reply that went to another instance costs so much time and nothing else. */
const LOOK_EVERY_MS = 250;
/** Calls waiting at once: at a thousand orders a second and the default patience, all of them. */
const WAITING_MAX = 5_000;

export interface Waited {
  readonly order: orders.Order;
  /** Whether its saga has ended; else the caller's patience has. */
  readonly ended: boolean;
}

interface Waiter {
  readonly until: number;
  readonly resolve: (waited: Waited) => void;
  readonly reject: (error: unknown) => void;
}

export interface Waiters {
  /** Resolves at the saga's end, or with the order as it stands after `waitMs`. */
  wait(orderId: string, waitMs: number): Promise<Waited>;
  /** Tells that these orders have ended. Those that nobody waits for are ignored. */
  ended(orderIds: readonly string[]): void;
  stop(): void;
}

/** Answers always come from the row, one statement for all that are due. One coarse timer serves everybody. */
export const openWaiters = (db: Database): Waiters => {
  const waiting = new Map<string, Waiter[]>();
  let count = 0;

  const answer = async (orderIds: readonly string[], ended: boolean, isDue: (waiter: Waiter) => boolean): Promise<void> => {
    const due = orderIds.flatMap((id) => {
      const all = waiting.get(id) ?? [];
      const later = all.filter((waiter) => !isDue(waiter));
      if (later.length > 0) waiting.set(id, later);
      else waiting.delete(id);
      count -= all.length - later.length;
      return all.filter(isDue).map((waiter) => ({ id, waiter }));
    });
    if (due.length === 0) return;
    try {
      const found = await readOrders(db, [...new Set(due.map(({ id }) => id))]);
      for (const { id, waiter } of due) {
        const order = found.get(id);
        if (order === undefined) waiter.reject(new Error(`order ${id} is waited for, but does not exist`));
        else
          waiter.resolve({ order, ended: ended || order.status === 'ORDER_STATUS_COMPLETED' || order.status === 'ORDER_STATUS_CANCELLED' });
      }
    } catch (error) {
      for (const { waiter } of due) waiter.reject(error);
    }
  };

  const look = async (): Promise<void> => {
    if (count === 0) return;
    const now = monotonicMs();
    const ids = [...waiting.keys()];
    await answer(ids, false, ({ until }) => until <= now);
    await answer(await endedAmong(db, [...waiting.keys()]), true, () => true);
  };
  let looking = false;
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void look()
      .catch(() => {}) // the database is away; the next look finds out
      .finally(() => (looking = false));
  }, LOOK_EVERY_MS);

  return {
    wait: (orderId, waitMs) => {
      if (count >= WAITING_MAX) return Promise.reject(new OverloadedError(`${WAITING_MAX} calls are waiting already`));
      return new Promise<Waited>((resolve, reject) => {
        const waiter = { until: monotonicMs() + waitMs, resolve, reject };
        waiting.set(orderId, [...(waiting.get(orderId) ?? []), waiter]);
        count += 1;
        if (waitMs <= 0) void answer([orderId], false, (each) => each === waiter);
      });
    },
    ended: (orderIds) =>
      void answer(
        orderIds.filter((id) => waiting.has(id)),
        true,
        () => true,
      ),
    stop: () => clearInterval(timer),
  };
};

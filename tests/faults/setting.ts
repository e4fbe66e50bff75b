import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Cluster, type ClusterOptions, localDir, startCluster } from '@jumun/local';
import { eventually } from '@jumun/testkit';
import type { Answer, Customer, Shop } from '../scenarios/shop.ts';

export { pause };

/** The shortest session time-out that a broker allows: after so long without a sign of life, partitions go to others. */
export const SESSION_MS = 6_000;

/** What makes a cluster recover within seconds instead of a minute, and lets a test ask as often as it likes. */
const impatient = {
  '*': { CONSUMER_SESSION_MS: String(SESSION_MS) },
  gateway: { RATE_LIMIT_PER_USER: '0' },
  'order-orchestrator': { SAGA_IDLE_MS: '2000', SWEEP_INTERVAL_MS: '500' },
};

/** A cluster of this test's own; `end` stops it. Its logs stay when JUMUN_KEEP is set. */
export const startedCluster = async (
  name: string,
  options: Partial<Omit<ClusterOptions, 'dir' | 'seed' | 'env'>> = {},
): Promise<{ cluster: Cluster; end: () => Promise<void> }> => {
  const dir = mkdtempSync(join(localDir, `${name}-`));
  const cluster = await startCluster({ ...options, dir, seed: false, env: impatient });
  return {
    cluster,
    end: async () => {
      await cluster.stop();
      if (process.env['JUMUN_KEEP'] === undefined) rmSync(dir, { recursive: true, force: true });
    },
  };
};

/** Whether an answer is the last word: nothing that says "not yet", "not now" or "I don't know". */
export const isFinal = ({ status, body }: Answer<unknown>): boolean =>
  status !== 202 && status < 500 && (body as { code?: string }).code !== 'IDEMPOTENCY_IN_PROGRESS';

/** Asks again, as a client should, until there is a final answer. `ask` must repeat the same call under the same key. */
export const untilFinal = async <T>(ask: () => Promise<Answer<T>>, { withinMs = 90_000 } = {}): Promise<Answer<T>> => {
  let last: unknown;
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; await pause(200)) {
    try {
      const answer = await ask();
      if (isFinal(answer)) return answer;
      last = `${answer.status} ${JSON.stringify(answer.body)}`;
    } catch (error) {
      last = error; // the connection broke: the outcome is unknown
    }
  }
  throw new Error(`no final answer within ${withinMs} ms; the last one: ${String(last)}`);
};

/** Like `Promise.all(items.map(work))`, but only so many at once. */
export const mapSome = async <In, Out>(items: readonly In[], atOnce: number, work: (item: In) => Promise<Out>): Promise<Out[]> => {
  const results: Out[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as In);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return results;
};

/** For what a test needs before it begins: again where a busy machine took too long. */
export const patiently = <T>(make: () => Promise<T>): Promise<T> => eventually(make, { withinMs: 60_000 });

/** Customers with a million won each. Few are made at once, since passwords are hashed. */
export const wealthy = (shop: Shop, count: number): Promise<Customer[]> =>
  mapSome(Array.from({ length: count }), 2, () => patiently(() => shop.customer(1_000_000)));

/**
 * Shows: whatever is killed with SIGKILL in a steady stream of orders, a service, the broker, MySQL or Redis, one after another, comes back,
 * and orders flow again. Afterwards every key gets a final answer, and the same one the next time; every accepted order has ended; the books agree.
 */
import { type Cluster, type Handle } from '@jumun/local';
import { eventually } from '@jumun/testkit';
import { violationsAtRest } from './books.ts';
import { openShop, type Shop, tally } from '../scenarios/shop.ts';
import { pause, startedCluster } from './setting.ts';
import { brokenPromises, openStream, type OrderStream } from './stream.ts';

/** Offered; how many calls are open at once is limited, so that what was accepted ends within the test's time on a slow machine too. */
const ORDERS_PER_SECOND = 200;
const BACK_WITHIN_MS = 90_000;

describe('kill -9 in the middle of a stream of orders', () => {
  let cluster: Cluster;
  let end: () => Promise<void>;
  let shop: Shop;
  let stream: OrderStream;
  beforeAll(async () => {
    ({ cluster, end } = await startedCluster('kills', { supervise: true }));
    shop = openShop(cluster);
    stream = await openStream([shop], ORDERS_PER_SECOND);
    await stream.flows(30_000);
  }, 240_000);
  afterAll(async () => {
    await stream?.stop();
    await end?.();
  }, 90_000);

  const victims: [string, () => Handle][] = [
    ...['wallet', 'catalog-inventory', 'coupon', 'order-orchestrator', 'gateway'].map((name): [string, () => Handle] => [
      name,
      () => cluster.service(name),
    ]),
    ['the broker', () => cluster.infra.servers.kafka],
    ['MySQL', () => cluster.infra.servers.mysql],
    ['Redis', () => cluster.infra.servers.redis],
  ];
  it.each(victims)(
    'comes back from the death of %s',
    async (_, of) => {
      const victim = of();
      const { pid } = victim;
      await victim.kill('SIGKILL');
      await eventually(() => victim.pid !== undefined && victim.pid !== pid, { withinMs: BACK_WITHIN_MS });
      expect(await stream.flows(BACK_WITHIN_MS)).toBe(true);
      await pause(1_000); // a stretch of undisturbed orders between two deaths
    },
    2 * BACK_WITHIN_MS,
  );

  it('answers every key finally, and the same the next time', async () => {
    await stream.stop();
    expect(await brokenPromises([shop], stream.placed)).toEqual([]);
    // It was a stream all the time, with calls that went down and calls that got through.
    expect(stream.placed.length).toBeGreaterThan(victims.length * ORDERS_PER_SECOND);
    expect(tally(stream.placed.map(({ answer }) => answer))['201']).toBeGreaterThan(stream.placed.length / 2);
    // "I don't know what happened" is said as 503 with an advice to come back, never as an error of ours.
    expect(Object.keys(tally(stream.placed.map(({ answer }) => answer))).filter((name) => name.startsWith('500'))).toEqual([]);
  }, 240_000);

  it('leaves books that agree', async () => {
    expect(await violationsAtRest(cluster)).toEqual([]);
  }, 60_000);
});

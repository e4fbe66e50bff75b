/**
 * Shows: whatever is killed with SIGKILL in a stream of 200 orders/s that begins before and goes on after it, a service, the broker, MySQL or Redis, one after another, comes back,
 * and orders flow again. Afterwards every key gets a final answer, and the same one the next time; every accepted order has ended; the books agree.
 */
import { type Cluster, type Handle } from '@jumun/local';
import { eventually } from '@jumun/testkit';
import { violationsAtRest } from '../scenarios/books.ts';
import { violationsOf } from '../scenarios/auditing.ts';
import { openShop, type Shop, tally } from '../scenarios/shop.ts';
import { pause, startedCluster } from './setting.ts';
import { brokenPromises, openStream, type OrderStream } from './stream.ts';

const ORDERS_PER_SECOND = 200;
/** Before each death and after it. By then most are back; what has piled up ends before the next one, so that the test's length is bounded. */
const [STREAM_BEFORE_MS, STREAM_AFTER_MS] = [1_000, 4_000];
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
    await stream.stop();
  }, 240_000);
  afterAll(async () => {
    await stream?.stop();
    await end?.();
  });

  const victims: Readonly<Record<string, () => Handle>> = {
    ...Object.fromEntries(
      ['wallet', 'catalog-inventory', 'coupon', 'order-orchestrator', 'gateway'].map((name) => [name, () => cluster.service(name)]),
    ),
    'the broker': () => cluster.infra.servers.kafka,
    MySQL: () => cluster.infra.servers.mysql,
    Redis: () => cluster.infra.servers.redis,
  };
  /** While one of these is away the books are looked at: of a participant, of the orchestrator, and of what lies between them. */
  const audited = ['catalog-inventory', 'order-orchestrator', 'the broker'];
  it.each(Object.keys(victims))(
    'comes back from the death of %s',
    async (name) => {
      const victim = victims[name]!();
      const { pid } = victim;
      stream.go();
      await pause(STREAM_BEFORE_MS);
      await victim.kill('SIGKILL');
      const [violations] = await Promise.all([
        audited.includes(name) ? violationsOf(cluster, { strict: false }) : [],
        pause(STREAM_AFTER_MS).then(() => stream.stop()),
      ]);
      expect(violations).toEqual([]);
      await eventually(() => victim.pid !== undefined && victim.pid !== pid, { withinMs: BACK_WITHIN_MS });
      stream.go();
      expect(await stream.flows(BACK_WITHIN_MS)).toBe(true);
      await stream.stop();
    },
    2 * BACK_WITHIN_MS,
  );

  it('answers every key finally, and the same the next time', async () => {
    const { placed } = stream;
    const counts = tally(placed.map(({ answer }) => answer));
    expect(await brokenPromises([shop], placed)).toEqual([]);
    // It was a stream all the time, whatever was down, with calls that went down and calls that got through.
    expect(placed).toHaveLength(stream.due());
    expect(placed.length).toBeGreaterThan(
      (Object.keys(victims).length * ORDERS_PER_SECOND * (STREAM_BEFORE_MS + STREAM_AFTER_MS)) / 1_000 - 100,
    );
    expect(counts['201']).toBeGreaterThan(placed.length / 4);
    // "I don't know what happened" is said as 503 with an advice to come back, never as an error of ours.
    expect(Object.keys(counts).filter((name) => name.startsWith('500'))).toEqual([]);
  }, 240_000);

  it('leaves books that agree', async () => {
    expect(await violationsAtRest(cluster)).toEqual([]);
  });
});

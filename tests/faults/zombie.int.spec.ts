/**
 * Shows: of two instances of every service, one that stands still (SIGSTOP) for longer than its session time-out, between two effects of
 * all places, and then goes on as if nothing had been, has no effect twice. Orders flow while it is away, and each key keeps its answer.
 */
import type { Cluster, ServiceProcess } from '@jumun/local';
import { eventually } from '@jumun/testkit';
import { violationsAtRest } from './books.ts';
import { openShop, type Shop } from '../scenarios/shop.ts';
import { pause, SESSION_MS, startedCluster } from './setting.ts';
import { brokenPromises, openStream, type OrderStream } from './stream.ts';

const ORDERS_PER_SECOND = 40;
const FLOWS_WITHIN_MS = 60_000;
/** `wait_timeout` of our sessions: after so long the database ends the transaction of a client that says nothing. */
const DATABASE_WAIT_MS = 10_000;
const ANYWHERE = 'any place';

describe('a service that stands still and goes on', () => {
  let cluster: Cluster;
  let end: () => Promise<void>;
  let shops: Shop[];
  let stream: OrderStream;
  beforeAll(async () => {
    ({ cluster, end } = await startedCluster('zombie', { instances: 2, faultPoints: true }));
    shops = cluster.gatewayUrls.map((url) => openShop(cluster, url));
    stream = await openStream(shops, ORDERS_PER_SECOND);
    await stream.flows(30_000);
  }, 240_000);
  afterAll(async () => {
    for (const service of cluster?.services ?? []) await service.kill('SIGCONT');
    await stream?.stop();
    await end?.();
  }, 90_000);

  const answersAgain = (service: ServiceProcess): Promise<boolean> =>
    eventually(async () => (await fetch(`${service.internalUrl}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok, { withinMs: 60_000 });

  /** Stops it wherever it is, or right at a fault point: between two effects. */
  const standStill = async (service: ServiceProcess, point: string): Promise<void> => {
    if (point !== ANYWHERE) {
      service.armFault(point, 'stall 2000');
      await eventually(() => !service.isArmed(point), { withinMs: FLOWS_WITHIN_MS });
    }
    await service.kill('SIGSTOP');
  };

  /** Where each stands still, and for how long. Those that do so as long do it together: the first instance of each is enough for orders to flow. */
  it.each([
    {
      awayMs: SESSION_MS,
      places: {
        wallet: 'inbox:committed-not-answered',
        'catalog-inventory': 'inbox:written-not-committed',
        coupon: ANYWHERE,
        'order-orchestrator': 'saga:committed-not-sent',
        gateway: ANYWHERE,
      },
    },
    {
      awayMs: DATABASE_WAIT_MS,
      places: { 'catalog-inventory': 'inbox:written-not-committed', 'order-orchestrator': 'saga:written-not-committed' },
    },
  ])(
    'is the second of each, for more than $awayMs ms, at $places: orders flow while they are away, and after they are back',
    async ({ awayMs, places }) => {
      const zombies = Object.entries(places).map(([name, point]) => ({ zombie: cluster.service(name, 1), point }));
      try {
        await Promise.all(zombies.map(({ zombie, point }) => standStill(zombie, point)));
        await pause(awayMs + 2_000);
        await stream.flows(FLOWS_WITHIN_MS);
      } finally {
        await Promise.all(zombies.map(({ zombie }) => zombie.kill('SIGCONT')));
      }
      await Promise.all(zombies.map(({ zombie }) => answersAgain(zombie)));
      expect(await stream.flows(FLOWS_WITHIN_MS)).toBe(true);
    },
    3 * FLOWS_WITHIN_MS,
  );

  it('answers every key finally, and the same the next time', async () => {
    await stream.stop();
    expect(await brokenPromises(shops, stream.placed)).toEqual([]);
  }, 240_000);

  it('leaves books that agree', async () => {
    expect(await violationsAtRest(cluster)).toEqual([]);
  }, 60_000);
});

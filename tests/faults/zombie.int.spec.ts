/**
 * Shows: of two instances of every service, one that stands still (SIGSTOP) for longer than its session time-out, between two effects of
 * all places, and then goes on as if nothing had been, has no effect twice. Orders flow while it is away, and each key keeps its answer.
 */
import { randomUUID } from 'node:crypto';
import type { Cluster, ServiceProcess } from '@jumun/local';
import { eventually } from '@jumun/testkit';
import { violationsAtRest } from '../scenarios/books.ts';
import { openShop, type Shop, tally } from '../scenarios/shop.ts';
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
  });

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

  it('does not place later what was refused to the client meanwhile', async () => {
    const [shop] = shops as [Shop];
    const product = await shop.product(1_000, 100);
    const buyer = await shop.customer(0);
    const zombie = cluster.service('order-orchestrator', 1);
    await zombie.kill('SIGSTOP');
    try {
      const wish = { items: [{ productId: product.id, quantity: 1 }] };
      const refused = await Promise.all(Array.from({ length: 8 }, () => shop.order(buyer, wish, randomUUID(), { prefer: 'wait=0' }))); // half of them to each
      expect(tally(refused)).toEqual({ '400 INSUFFICIENT_BALANCE': 8 });
      await shop.charge(buyer, 100_000);
    } finally {
      await zombie.kill('SIGCONT');
    }
    await answersAgain(zombie);
    expect(await stream.flows(FLOWS_WITHIN_MS)).toBe(true); // by then it has gone on with all that it had been sent
    await pause(2_000);
    expect((await shop.send('GET', '/v1/orders', { token: buyer.token })).body).toMatchObject({ items: [] });
    expect(await shop.balance(buyer)).toBe(100_000);
  });

  it('answers every key finally, and the same the next time', async () => {
    await stream.stop();
    expect(await brokenPromises(shops, stream.placed)).toEqual([]);
  }, 240_000);

  it('leaves books that agree', async () => {
    expect(await violationsAtRest(cluster)).toEqual([]);
  });
});

/**
 * Shows: a process that dies in any gap between two effects, at each named fault point there is, costs time and nothing else. The client asks
 * again with the same key, gets one effect, and the next time the same answer. At the end everything has ended and the books agree.
 */
import { randomUUID } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cluster, rootDir, type ServiceProcess } from '@jumun/local';
import { eventually } from '@jumun/testkit';
import { violationsAtRest } from './books.ts';
import { type Customer, openShop, type Product, type Shop } from '../scenarios/shop.ts';
import { patiently, pause, startedCluster, untilFinal, wealthy } from './setting.ts';

type Act = 'order' | 'charge' | 'claim' | 'adjustment';

/** Where who dies, and what the client does that passes there. Rows of one service follow one another: a group waits for its dead only once. */
const table: readonly (readonly [point: string, service: string, act: Act])[] = [
  ['accept:written-not-committed', 'order-orchestrator', 'order'],
  ['accept:committed-not-sent', 'order-orchestrator', 'order'],
  ['producer:sent-not-acked', 'order-orchestrator', 'order'],
  ['saga:written-not-committed', 'order-orchestrator', 'order'],
  ['saga:committed-not-sent', 'order-orchestrator', 'order'],
  ['saga:ended-not-answered', 'order-orchestrator', 'order'],
  ['event:sent-not-marked', 'order-orchestrator', 'order'],
  ['inbox:claimed-not-decided', 'catalog-inventory', 'order'],
  ['inbox:written-not-committed', 'catalog-inventory', 'order'],
  ['adjust:committed-not-answered', 'catalog-inventory', 'adjustment'],
  ['consumer:marked-not-committed', 'catalog-inventory', 'order'],
  ['issue:written-not-committed', 'coupon', 'claim'],
  ['issue:committed-not-answered', 'coupon', 'claim'],
  ['outbox:committed-not-sent', 'coupon', 'claim'],
  ['outbox:sent-not-marked', 'coupon', 'claim'],
  ['inbox:answered-not-marked', 'coupon', 'order'],
  ['inbox:committed-not-answered', 'wallet', 'order'],
  ['charge:written-not-committed', 'wallet', 'charge'],
  ['charge:committed-not-answered', 'wallet', 'charge'],
];

const PRICE = 1_000;
const STOCK = 1_000;
const WITHIN_MS = 120_000;

describe('a death at each fault point', () => {
  let cluster: Cluster;
  let end: () => Promise<void>;
  let shop: Shop;
  let customer: Customer;
  let product: Product;
  /** What must be in the wallet and on the shelf, by what was answered. */
  let balance = 1_000_000;
  let stock = STOCK;
  let coupons: string[] = [];
  beforeAll(async () => {
    ({ cluster, end } = await startedCluster('fault-points', { faultPoints: true, supervise: true }));
    shop = openShop(cluster);
    [customer, product] = [(await wealthy(shop, 1))[0] as Customer, await patiently(() => shop.product(PRICE, STOCK))];
    await moreCoupons(8);
  }, 240_000);
  afterAll(() => end?.(), 90_000);

  const moreCoupons = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) coupons.push(await patiently(() => shop.coupon(customer, 10)));
  };
  /** The same call until its final answer, and once more: the answers must be equal in all that matters. */
  const twice = async (path: string, token: string, body: unknown, tell: (body: Record<string, unknown>) => unknown): Promise<unknown> => {
    const headers = { 'idempotency-key': randomUUID() };
    const ask = () => untilFinal(() => shop.send('POST', path, { token, body, headers }), { withinMs: WITHIN_MS });
    const [first, again] = [await ask(), await ask()];
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(tell(again.body)).toEqual(tell(first.body));
    return tell(first.body);
  };

  const acts: Record<Act, () => Promise<void>> = {
    order: async () => {
      const couponId = coupons.pop();
      const items = [{ optionId: product.optionId, quantity: 1 }];
      const told = await twice('/v1/orders', customer.token, { items, couponId }, ({ id, status, total }) => ({ id, status, total }));
      const total = couponId === undefined ? PRICE : PRICE * 0.9;
      expect(told).toMatchObject({ status: 'COMPLETED', total });
      balance -= total;
      stock -= 1;
    },
    charge: async () => {
      await twice('/v1/wallet/charges', customer.token, { amount: 1_000 }, (answer) => answer);
      balance += 1_000;
    },
    claim: async () => {
      const at = (ms: number): string => new Date(Date.now() + ms).toISOString();
      const event = {
        name: 'Event',
        discount: { type: 'PERCENT', value: 10 },
        totalQuantity: 1,
        opensAt: at(-1_000),
        closesAt: at(3_600_000),
        couponValidUntil: at(7_200_000),
      };
      const eventId = await twice('/v1/admin/coupon-events', cluster.adminToken, event, ({ id }) => id);
      coupons.push((await twice(`/v1/coupon-events/${String(eventId)}/coupons`, customer.token, undefined, ({ id }) => id)) as string);
    },
    adjustment: async () => {
      const body = { delta: 5, reason: 'counted' };
      await twice(`/v1/admin/options/${product.optionId}/stock-adjustments`, cluster.adminToken, body, (answer) => answer);
      stock += 5;
    },
  };

  const balanceNow = (): Promise<number> => eventually(() => shop.balance(customer), { withinMs: WITHIN_MS });

  /** Starts it again as soon as it is dead; its supervisor would wait longer from time to time. */
  const revived = async (service: ServiceProcess): Promise<void> => {
    await eventually(() => !service.running, { withinMs: WITHIN_MS });
    // Whether it came up is seen by the calls that need it; it may be killed by the next row before its group has settled.
    service.start().catch(() => undefined);
  };

  it.each(table)(
    'at %s in %s costs a %s nothing but time',
    async (point, name, act) => {
      const service = cluster.service(name);
      await eventually(() => service.running, { withinMs: WITHIN_MS });
      service.armFault(point, 'kill');
      let isDead = false;
      const death = revived(service).then(() => (isDead = true));
      // Most points are passed by the first call; the ones off its path a little later, and a second call does no harm.
      do {
        await acts[act]();
        await Promise.race([death, pause(1_500)]);
      } while (!isDead);
      await death;
      expect(await balanceNow()).toBe(balance);
    },
    2 * WITHIN_MS,
  );

  it('is in the table for every fault point of the code', () => {
    const sources = ['packages', 'services'].flatMap((folder) =>
      globSync(`${folder}/*/src/**/*.ts`, { cwd: rootDir }).filter((file) => !file.endsWith('.spec.ts')),
    );
    const named = sources.flatMap((file) =>
      [...readFileSync(join(rootDir, file), 'utf8').matchAll(/^(?! *\*).*\bfaultPoint\('([^']+)'\)/gm)].map(([, point]) => point),
    );
    expect(new Set(table.map(([point]) => point))).toEqual(new Set(named));
  });

  it('leaves each effect once', async () => {
    const options = { withinMs: WITHIN_MS };
    await eventually(() => cluster.services.every(({ ready }) => ready), options);
    expect(await balanceNow()).toBe(balance);
    // The stock that is shown may be a second old.
    await eventually(async () => (await shop.stock(product)) === stock, { withinMs: 10_000 });
    const { body } = await shop.send<{ items: { id: string }[] }>('GET', '/v1/coupons?limit=100', { token: customer.token });
    expect(new Set(body.items.map(({ id }) => id)).size).toBe(body.items.length);
    expect(coupons.every((id) => body.items.some((each) => each.id === id))).toBe(true);
  }, 180_000);

  it('leaves books that agree', async () => {
    expect(await violationsAtRest(cluster)).toEqual([]);
  }, 60_000);
});

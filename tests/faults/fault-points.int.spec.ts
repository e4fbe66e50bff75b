/**
 * Shows: a process that dies in any gap between two effects, at each named fault point there is, costs time and nothing else. The client asks
 * again with the same key, gets one effect, and the next time the same answer. At the end everything has ended and the books agree.
 */
import { randomUUID } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cluster, rootDir, type ServiceProcess } from '@jumun/local';
import { eventually } from '@jumun/testkit';
import { violationsAtRest } from '../scenarios/books.ts';
import { type Customer, openShop, type Product, type Shop } from '../scenarios/shop.ts';
import { patiently, pause, startedCluster, untilFinal, wealthy } from './setting.ts';

type Act = 'order' | 'charge' | 'sign-up' | 'event' | 'claim' | 'product' | 'adjustment';

interface Row {
  readonly point: string;
  readonly act: Act;
}
const row = (point: string, act: Act): Row => ({ point, act });

/** Who dies where, and what the client does that passes there. */
const table: Readonly<Record<string, readonly Row[]>> = {
  'order-orchestrator': [
    row('accept:written-not-committed', 'order'),
    row('accept:committed-not-sent', 'order'),
    row('producer:sent-not-acked', 'order'),
    row('saga:written-not-committed', 'order'),
    row('saga:committed-not-sent', 'order'),
    row('saga:ended-not-answered', 'order'),
    row('event:sent-not-marked', 'order'),
  ],
  'catalog-inventory': [
    row('once:written-not-committed', 'product'),
    row('inbox:loaded-not-decided', 'order'),
    row('once:committed-not-answered', 'product'),
    row('inbox:written-not-committed', 'order'),
    row('once:committed-not-answered', 'adjustment'),
    row('consumer:marked-not-committed', 'order'),
  ],
  coupon: [
    row('inbox:answered-not-marked', 'order'),
    row('once:written-not-committed', 'claim'),
    row('once:committed-not-answered', 'claim'),
    row('outbox:committed-not-sent', 'claim'),
    row('outbox:sent-not-marked', 'claim'),
    row('once:written-not-committed', 'event'),
    row('once:committed-not-answered', 'event'),
  ],
  wallet: [
    row('once:written-not-committed', 'charge'),
    row('once:committed-not-answered', 'charge'),
    row('user:committed-not-answered', 'sign-up'),
    row('inbox:committed-not-answered', 'order'),
  ],
};

/** One death of each service at a time, in the same minute: a start takes as long for four as for one. */
const rounds: readonly (readonly (Row & { service: string })[])[] = Array.from(
  { length: Math.max(...Object.values(table).map(({ length }) => length)) },
  (_, n) => Object.entries(table).flatMap(([service, rows]) => rows.slice(n, n + 1).map((each) => ({ ...each, service }))),
);

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
  const coupons: string[] = [];
  /** Coupon events of which the customer has no coupon yet. */
  const events: string[] = [];
  beforeAll(async () => {
    ({ cluster, end } = await startedCluster('fault-points', { faultPoints: true, supervise: true }));
    shop = openShop(cluster);
    [customer, product] = [(await wealthy(shop, 1))[0] as Customer, await patiently(() => shop.product(PRICE, STOCK))];
    for (let i = 0; i < 10; i++) coupons.push(await patiently(() => shop.coupon(customer, 10)));
    for (let i = 0; i < 4; i++) await acts.event();
  }, 240_000);
  afterAll(() => end?.());

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
    'sign-up': async () => {
      const login = { loginId: `f-${randomUUID()}`, password: 'correct horse 1' };
      const ask = (path: string, body: object) => untilFinal(() => shop.send('POST', path, { body }), { withinMs: WITHIN_MS });
      const signUp = () => ask('/v1/users', { ...login, name: 'Customer' });
      // Nobody has a key before there is a user: the login id is one. Whoever did not hear of the first answer can sign in.
      const { status, body } = await signUp();
      expect(status === 201 || body['code'] === 'LOGIN_ID_TAKEN').toBe(true);
      expect((await signUp()).body['code']).toBe('LOGIN_ID_TAKEN');
      expect((await ask('/v1/sessions', login)).status).toBe(201);
    },
    event: async () => {
      const at = (ms: number): string => new Date(Date.now() + ms).toISOString();
      const event = {
        name: 'Event',
        discount: { type: 'PERCENT', value: 10 },
        totalQuantity: 1,
        opensAt: at(-1_000),
        closesAt: at(3_600_000),
        couponValidUntil: at(7_200_000),
      };
      events.push((await twice('/v1/admin/coupon-events', cluster.adminToken, event, ({ id }) => id)) as string);
    },
    claim: async () => {
      if (events.length === 0) await acts.event();
      const path = `/v1/coupon-events/${events.pop()}/coupons`;
      coupons.push((await twice(path, customer.token, undefined, ({ id }) => id)) as string);
    },
    product: async () => {
      const name = randomUUID();
      const body = { name, category: name, price: PRICE, options: [{ name: 'Default', stock: 1 }] };
      await twice('/v1/admin/products', cluster.adminToken, body, (answer) => answer);
      const { body: found } = await shop.send<{ items: unknown[] }>('GET', `/v1/products?category=${name}`);
      expect(found.items).toHaveLength(1);
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

  it.each(rounds.map((round) => [round.map(({ point, service, act }) => `${service} at ${point} (${act})`).join(', '), round] as const))(
    'costs nothing but time: %s',
    async (_, round) => {
      await eventually(() => round.every(({ service }) => cluster.service(service).running), { withinMs: WITHIN_MS });
      const alive = new Set(round);
      const deaths = round.map(async (each) => {
        const service = cluster.service(each.service);
        service.armFault(each.point, 'kill');
        await revived(service);
        alive.delete(each);
      });
      // Most points are passed by the first call; the ones off its path a little later, and a second call does no harm.
      do {
        await Promise.all([...new Set([...alive].map(({ act }) => act))].map((act) => acts[act]()));
        await Promise.race([Promise.all(deaths), pause(1_500)]);
      } while (alive.size > 0);
      await Promise.all(deaths);
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
    expect(new Set(Object.values(table).flatMap((rows) => rows.map(({ point }) => point)))).toEqual(new Set(named));
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
  });
});

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Cluster, localDir, startCluster } from '@jumun/local';
import { violationsAtRest } from './books.ts';
import { type Customer, openShop, type OrderWish, type Product, type Shop, tally } from './shop.ts';

describe('many at once', () => {
  let dir: string;
  let cluster: Cluster;
  let shop: Shop;
  beforeAll(async () => {
    dir = mkdtempSync(join(localDir, 'exactness-'));
    cluster = await startCluster({ dir, seed: false, faultPoints: true, env: { gateway: { RATE_LIMIT_PER_USER: '0' } } });
    shop = openShop(cluster);
  }, 240_000);
  afterAll(async () => {
    await cluster?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const one = ({ optionId }: Product, quantity = 1) => ({ items: [{ optionId, quantity }] });
  /** Waits for the end on a busy machine too. */
  const order = (customer: Customer, wish: OrderWish, key?: string) => shop.order(customer, wish, key, { prefer: 'wait=30' });

  it('takes fifty equal requests with one key as one order', async () => {
    const [customer, product] = await Promise.all([shop.customer(100_000), shop.product(1_000, 100)]);
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 50 }, () => order(customer, one(product), key)));
    expect(tally(answers)).toEqual({ '201': 50 });
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get('idempotent-replayed') === 'true')).toHaveLength(49);
    expect(await shop.balance(customer)).toBe(99_000);
    expect(await shop.stock(product)).toBe(99);
  });

  it('refuses another body under a used key, and changes nothing', async () => {
    const [customer, product] = await Promise.all([shop.customer(100_000), shop.product(1_000, 100)]);
    const key = randomUUID();
    await order(customer, one(product), key);
    const { status, body } = await order(customer, one(product, 2), key);
    expect([status, body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    expect(await shop.stock(product)).toBe(99);
  });

  it('gives one coupon to one of two orders', async () => {
    const [customer, product] = await Promise.all([shop.customer(100_000), shop.product(10_000, 100)]);
    const couponId = await shop.coupon(customer, 10);
    const answers = await Promise.all([0, 1].map(() => order(customer, { ...one(product), couponId })));
    expect(tally(answers)).toEqual({ '201': 1, '409 COUPON_ALREADY_USED': 1 });
    expect(await shop.balance(customer)).toBe(91_000);
    expect(await shop.stock(product)).toBe(99);
  });

  it('completes two of ten orders on a wallet for two', async () => {
    const [customer, product] = await Promise.all([shop.customer(20_000), shop.product(10_000, 100)]);
    const answers = await Promise.all(Array.from({ length: 10 }, () => order(customer, one(product))));
    expect(tally(answers)).toEqual({ '201': 2, '400 INSUFFICIENT_BALANCE': 8 });
    expect(await shop.balance(customer)).toBe(0);
    expect(await shop.stock(product)).toBe(98);
  });

  it('sells ten units to ten of a hundred buyers', async () => {
    const product = await shop.product(1_000, 10);
    const buyers: Customer[] = await shop.customers(100, 10_000);
    const answers = await Promise.all(buyers.map((buyer) => order(buyer, one(product))));
    expect(tally(answers)).toEqual({ '201': 10, '400 OUT_OF_STOCK': 90 });
    expect(await shop.stock(product)).toBe(0);
    const balances = await Promise.all(buyers.map((buyer) => shop.balance(buyer)));
    expect(balances.filter((balance) => balance === 9_000)).toHaveLength(10);
    expect(balances.filter((balance) => balance === 10_000)).toHaveLength(90);
  });

  it('lets a buyer who was refused buy again at once with what was given back', async () => {
    const [customer, friend, cheap] = await Promise.all([shop.customer(10_000), shop.customer(100_000), shop.product(100, 100)]);
    const wishes = await Promise.all(
      Array.from({ length: 5 }, async () => ({ product: await shop.product(10_000, 1), couponId: await shop.coupon(customer, 10) })),
    );
    // All pass the quote on a wallet for one, which pays nobody before the last has come. Whoever hears of a refusal has to find coupon and unit free,
    // without a moment's wait.
    cluster.service('wallet').armFault('inbox:loaded-not-decided', 'stall 2000');
    const tries = await Promise.all(
      wishes.map(async ({ product, couponId }) => {
        const first = await order(customer, { ...one(product), couponId });
        if (first.status === 201) return { first, again: [] };
        return { first, again: await Promise.all([order(customer, { ...one(cheap), couponId }), order(friend, one(product))]) };
      }),
    );
    expect(tally(tries.map(({ first }) => first))).toEqual({ '201': 1, '400 INSUFFICIENT_BALANCE': 4 });
    expect(tries.filter(({ first }) => first.body.orderId !== undefined).length).toBeGreaterThan(0); // refused by its saga, not by the quote
    expect(tally(tries.flatMap(({ again }) => again))).toEqual({ '201': 8 });
    expect(await shop.balance(customer)).toBe(10_000 - 9_000 - 4 * 90);
    expect(await Promise.all(wishes.map(({ product }) => shop.stock(product)))).toEqual([0, 0, 0, 0, 0]);
    expect(await shop.stock(cheap)).toBe(96);
  });

  it('leaves books that agree', async () => {
    expect(await violationsAtRest(cluster)).toEqual([]);
  });
});

import { inventory } from '@jumun/protos';
import { newId } from '@jumun/service-kit';
import { brokenBooks, openShop, type Shop } from '../../test/shop.ts';
import { type SeededProduct, seedProducts } from '../seed.ts';
import { StockBook } from '../store/stock-book.ts';
import { needsOf } from './participant.ts';
import { decideCommit, decideReserve } from './reserve.ts';

let shop: Shop;
let products: SeededProduct[];
beforeAll(async () => {
  shop = await openShop();
  products = await seedProducts(shop.url, 1_000, 1_000_000);
});
afterAll(() => shop.close());

/** A batch of reservations of two lines each; every second one takes the hot product, the rest are spread. */
const batch = (size: number): inventory.ReserveStock[] =>
  Array.from({ length: size }, (_, i) => {
    const lines = [i % 2 === 0 ? products[0]! : products[(i * 31 + 1) % 1_000]!, products[(i * 17 + 3) % 1_000]!];
    return inventory.ReserveStock.fromPartial({ orderId: newId(), lines: lines.map((product) => ({ ...product, quantity: 1 })) });
  });

const commitOf = ({ orderId, lines }: inventory.ReserveStock): inventory.CommitStock =>
  inventory.CommitStock.fromPartial({ orderId, optionIds: lines.map(({ optionId }) => optionId) });

const carryOut = <C extends inventory.ReserveStock | inventory.CommitStock>(
  commands: readonly C[],
  decide: (book: StockBook, command: C) => unknown,
): Promise<void> =>
  shop.db.transaction(async (tx) => {
    const book = await StockBook.load(tx, needsOf(commands));
    for (const command of commands) decide(book, command);
    await book.save(tx);
  });

it('seeds what agrees with itself', async () => {
  expect(await brokenBooks(shop)).toEqual([]);
  expect(await shop.db.query('SELECT COUNT(*) AS n, SUM(available) AS units FROM stock')).toEqual([{ n: 1_000, units: 1_000_000_000 }]);
});

it.each([1, 50, 200])('reserves and sells batches of %i', async (size) => {
  const rounds = size === 1 ? 100 : 20;
  const batches = Array.from({ length: rounds }, () => batch(size));
  const timed = async (carryOutAll: () => Promise<void>): Promise<string> => {
    const [cpu, start] = [process.cpuUsage(), performance.now()];
    await carryOutAll();
    const { user, system } = process.cpuUsage(cpu);
    const [ms, us] = [(performance.now() - start) / rounds, (user + system) / (rounds * size)];
    return `${ms.toFixed(2)} ms a batch, ${((ms * 1_000) / size).toFixed(0)} µs an order (${us.toFixed(0)} µs of CPU here)`;
  };
  const reserved = await timed(async () => {
    for (const orders of batches) await carryOut(orders, decideReserve);
  });
  const sold = await timed(async () => {
    for (const orders of batches) await carryOut(orders.map(commitOf), decideCommit);
  });
  console.info(`batches of ${size}, two lines each, one product in half of them\n  reserve: ${reserved}\n  commit:  ${sold}`);
  expect(await brokenBooks(shop)).toEqual([]);
});

it('sells a hot product from two sides at once without a deadlock that costs anything but time', async () => {
  const before = (await shop.db.query<{ n: number }>("SELECT COUNT(*) AS n FROM reservations WHERE status = 'RESERVED'"))[0]!.n;
  const side = async (): Promise<void> => {
    for (let i = 0; i < 10; i++) await carryOut(batch(50), decideReserve);
  };
  await Promise.all([side(), side(), side()]);
  expect(await brokenBooks(shop)).toEqual([]);
  const after = (await shop.db.query<{ n: number }>("SELECT COUNT(*) AS n FROM reservations WHERE status = 'RESERVED'"))[0]!.n;
  expect(after - before).toBeGreaterThan(1_500 * 1.9);
});

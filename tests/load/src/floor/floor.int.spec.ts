import { openDatabase } from '@jumun/service-kit';
import { infrastructure } from '@jumun/testkit';
import { openGenerator } from '../generator.ts';
import { type Floor, openFloor } from './floor.ts';
import { PLENTY } from './schema.ts';

let floor: Floor;
beforeAll(async () => {
  floor = await openFloor(await infrastructure(), { users: 5, products: 3, coupons: 10_000 });
});
afterAll(() => floor.close());

// A floor that did less than all of the path would make a wrong measure of it.
it('takes every order along the whole path', async () => {
  const generator = openGenerator([floor.gatewayUrl]);
  const shots = await generator.closed(8, 1, floor.request);
  await generator.close();
  expect(shots.map(({ status }) => status)).toEqual(shots.map(() => 201));

  const db = openDatabase(floor.databaseUrl);
  const one = async <Row>(sql: string): Promise<Row> => (await db.query<Row>(sql))[0] as Row;
  const orders = await one('SELECT COUNT(*) AS count, COUNT(completed_at) AS completed, SUM(total) AS total FROM orders');
  expect(orders).toMatchObject({ count: shots.length, completed: shots.length });
  const { total } = orders as { total: number };
  expect(await one('SELECT SUM(balance) AS balance, (SELECT -SUM(amount) FROM ledger) AS paid FROM wallets')).toEqual({
    balance: 5 * PLENTY - total,
    paid: total,
  });
  const units = total / 1_000;
  const stock = 'SELECT SUM(available) AS available, SUM(reserved) AS reserved, SUM(sold) AS sold FROM stock';
  expect(await one(stock)).toEqual({ available: 3 * PLENTY - units, reserved: 0, sold: units });
  expect(await one("SELECT COUNT(*) AS others FROM coupons WHERE status <> 'USED'")).toEqual({ others: 0 });
  expect(await one("SELECT COUNT(*) AS others FROM reservations WHERE status <> 'COMMITTED'")).toEqual({ others: 0 });
  const commands = 'SELECT (SELECT COUNT(*) FROM wallet_inbox) AS debits, (SELECT COUNT(*) FROM inventory_inbox) AS stock';
  expect(await one(commands)).toEqual({ debits: shots.length, stock: 2 * shots.length });
  await db.close();
});

import { type Database, openDatabase } from '@jumun/service-kit';
import { infrastructure } from '@jumun/testkit';
import { openGenerator, type Request } from '../generator.ts';
import { type Floor, openFloor } from './floor.ts';
import { PLENTY } from './schema.ts';

let floor: Floor | undefined;
let db: Database | undefined;
beforeAll(async () => {
  floor = await openFloor(await infrastructure(), { users: 5, products: 3, coupons: 10_000 });
});
afterAll(async () => {
  await db?.close();
  await floor?.close();
});

// A floor that did less than all of the path would make a wrong measure of it.
it('takes every order along the whole path', async () => {
  const { gatewayUrl, databaseUrl, request } = floor as Floor;
  const generator = openGenerator([gatewayUrl]);
  let coupons = 0;
  const counted = (): Request => {
    const order = request();
    if ((JSON.parse(order.body) as { couponId?: string }).couponId !== undefined) coupons += 1;
    return order;
  };
  const shots = await generator.closed(8, 1, counted);
  while (coupons === 0) shots.push(await generator.one(counted()));
  await generator.close();
  expect(shots.map(({ status }) => status)).toEqual(shots.map(() => 201));

  const tables = (db = openDatabase(databaseUrl));
  const one = async <Row>(sql: string): Promise<Row> => (await tables.query<Row>(sql))[0] as Row;
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
  const rows = (from: string): Promise<number> =>
    one<{ count: number }>(`SELECT COUNT(*) AS count FROM ${from}`).then(({ count }) => count);
  const expected: [from: string, count: number][] = [
    ['wallet_inbox', shots.length],
    ['inventory_inbox', 2 * shots.length],
    ['coupon_inbox', 2 * coupons],
    ["coupons WHERE status = 'USED'", coupons],
    ["reservations WHERE status = 'COMMITTED'", shots.length],
    ['order_lines', shots.length],
    ['movements', shots.length],
    ['idempotency', shots.length],
    ["sagas WHERE JSON_VALUE(progress, '$.stage') = 'ended'", shots.length],
  ];
  expect(await Promise.all(expected.map(([from]) => rows(from)))).toEqual(expected.map(([, count]) => count));
});

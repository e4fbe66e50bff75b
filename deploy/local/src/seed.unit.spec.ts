import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demoCustomers, demoProducts } from './demo-shop.ts';
import { seedShop } from './seed.ts';

const dir = mkdtempSync(join(tmpdir(), 'jumun-seed-'));
const file = join(dir, 'seed.json');

/** A gateway whose database is made anew by giving its admin another id. */
let adminId = randomUUID();
let made: string[] = [];
const gateway = createServer((request, response) => {
  const { method, url = '', headers } = request;
  if (method === 'POST') made.push(url);
  const id = url === '/v1/me' && headers.authorization === 'Bearer admin' ? adminId : randomUUID();
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ id, accessToken: 'customer', items: [] }));
});
const seed = () => {
  made = [];
  const gatewayUrl = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
  return seedShop({ dir, infraKind: 'native', gatewayUrl, adminToken: 'admin' });
};
const times = (path: string): number => made.filter((url) => url === path).length;

beforeAll(() => new Promise<void>((resolve) => void gateway.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  gateway.close();
  rmSync(dir, { recursive: true });
});

test('the demo shop is made once in a database, and anew in another one', async () => {
  const first = await seed();
  expect(times('/v1/admin/products')).toBe(demoProducts.length);
  expect(times('/v1/admin/coupon-events')).toBe(1);

  const again = await seed();
  expect({ ...again, customers: [] }).toEqual({ ...first, customers: [] });
  expect(times('/v1/admin/products') + times('/v1/admin/coupon-events')).toBe(0);

  adminId = randomUUID(); // as after rm -r .local/data/mysql
  const anew = await seed();
  expect(times('/v1/admin/products')).toBe(demoProducts.length);
  expect(times('/v1/admin/coupon-events')).toBe(1);
  expect(times('/v1/users')).toBe(demoCustomers.length);
  expect(anew.couponEventId).not.toBe(first.couponEventId);
  expect((await seed()).couponEventId).toBe(anew.couponEventId);
});

test('a seed file from before it named its database is taken for that of this one', async () => {
  const before = await seed();
  const { adminId: _, ...rest } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  writeFileSync(file, JSON.stringify(rest));
  expect((await seed()).couponEventId).toBe(before.couponEventId);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ adminId });
});

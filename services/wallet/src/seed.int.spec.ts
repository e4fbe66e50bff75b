import { brokenBooks, openPurse, type Purse } from '../test/purse.ts';
import { seedAdmin, seedUsers } from './seed.ts';

let purse: Purse;
beforeAll(async () => {
  purse = await openPurse();
});
afterAll(() => purse.close());

const admin = { loginId: 'admin', password: 'a password', name: '관리자' };

it('makes the administrator once, also when two do it', async () => {
  await Promise.all([seedAdmin(purse.url, admin), seedAdmin(purse.url, admin)]);
  await seedAdmin(purse.url, { ...admin, password: 'another' });
  expect(await purse.db.query('SELECT u.login_id, u.name, u.role, w.balance FROM users u JOIN wallets w ON w.user_id = u.id')).toEqual([
    { login_id: 'admin', name: '관리자', role: 'ADMIN', balance: 0 },
  ]);
});

it('does not make a customer an administrator', async () => {
  const [id] = await seedUsers(purse.url, 1, 0);
  await expect(seedAdmin(purse.url, { ...admin, loginId: `load-${id}` })).rejects.toThrow('is a customer');
});

it('makes nobody who could never sign in', async () => {
  await expect(seedAdmin(purse.url, { ...admin, loginId: 'Boss' })).rejects.toThrow('nobody could sign in with that');
});

it('makes thousands of customers with money whose books are right', async () => {
  const from = performance.now();
  const ids = await seedUsers(purse.url, 5_000, 1_000_000);
  expect(performance.now() - from).toBeLessThan(20_000); // one by one, it would be minutes
  expect(new Set(ids).size).toBe(5_000);
  expect(await purse.db.query('SELECT COUNT(*) AS n, SUM(balance) AS total FROM wallets WHERE balance > 0')).toEqual([
    { n: 5_000, total: 5_000_000_000 },
  ]);
  expect(await brokenBooks(purse)).toEqual([]);
});

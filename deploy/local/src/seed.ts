import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { demoCoupon, demoCustomers, demoProducts } from './demo-shop.ts';
import { Failure } from './failure.ts';
import type { InfraConnection, Infrastructure } from './infra/connection.ts';
import { databaseUrl } from './prepare.ts';
import { call, ProblemError, signIn } from './rest.ts';
import { writeWhole } from './run-record.ts';
import type { Secrets } from './secrets.ts';
import { serviceDir } from './services.ts';

export interface DemoAccount {
  id: string;
  loginId: string;
  password: string;
  accessToken: string;
}

/** What there is to buy, who buys it, and the coupon event. */
export interface Seeded {
  customers: DemoAccount[];
  products: { id: string; name: string }[];
  couponEventId: string;
}

export interface Admin {
  loginId: string;
  password: string;
}

/** No call grants a role, so an administrator comes from the wallet service's own seed. One who exists is left as he is, password too. */
export const makeAdmin = async (walletDatabaseUrl: string, admin: Admin): Promise<void> => {
  const wallet = (await import(pathToFileURL(join(serviceDir('wallet'), 'dist', 'seed.js')).href)) as {
    seedAdmin(url: string, admin: Admin & { name: string }): Promise<unknown>;
  };
  await wallet.seedAdmin(walletDatabaseUrl, { ...admin, name: '관리자 Admin' });
};

/** Makes the admin, and signs in as the admin. */
export const seedAdmin = async ({
  infra,
  secrets,
  gatewayUrl,
}: {
  infra: InfraConnection;
  secrets: Secrets;
  gatewayUrl: string;
}): Promise<string> => {
  await makeAdmin(databaseUrl(infra, secrets, 'wallet'), secrets.admin);
  return signIn(gatewayUrl, secrets.admin);
};

interface Kept {
  /** Names the database that has all this: the admin's account is made anew with it. */
  adminId?: string;
  passwords: Record<string, string>;
  products: { id: string; name: string }[];
  couponEventId?: string;
}

/**
 * Makes the demo shop through the public API. What an earlier start has made stays as it is; one that was interrupted is completed. What was kept
 * of another database, whose data has been removed since, is of no use in this one.
 */
export const seedShop = async ({
  dir,
  infraKind,
  gatewayUrl,
  adminToken,
}: {
  dir: string;
  infraKind: Infrastructure['kind'];
  gatewayUrl: string;
  adminToken: string;
}): Promise<Seeded> => {
  const file = join(dir, infraKind === 'docker' ? 'seed-docker.json' : 'seed.json'); // each of them has a database of its own
  const { id: adminId } = await call<{ id: string }>(gatewayUrl, 'GET', '/v1/me', { token: adminToken });
  const kept = keptOf(file, adminId);
  for (const { loginId } of demoCustomers) kept.passwords[loginId] ??= randomBytes(12).toString('base64url');
  writeWhole(file, kept); // before the accounts are made: a password that only they know is of no use

  for (const product of demoProducts) {
    if (kept.products.some(({ name }) => name === product.name)) continue;
    const { id } = await call<{ id: string }>(gatewayUrl, 'POST', '/v1/admin/products', {
      token: adminToken,
      body: product,
      idempotencyKey: `seed-${product.name.replaceAll(/[^ -~]/g, '').trim()}`,
    });
    kept.products.push({ id, name: product.name });
    writeWhole(file, kept);
  }
  kept.couponEventId ??= await createCouponEvent(gatewayUrl, adminToken);
  writeWhole(file, kept);
  const customers = await Promise.all(demoCustomers.map((customer) => enrol(gatewayUrl, customer, kept.passwords[customer.loginId] ?? '')));
  return { customers, products: kept.products, couponEventId: kept.couponEventId };
};

/** What an earlier start has kept, unless it is told to be of another database. */
const keptOf = (file: string, adminId: string): Kept => {
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Kept) : undefined;
  if (kept === undefined || (kept.adminId ?? adminId) !== adminId) return { adminId, passwords: {}, products: [] };
  return { ...kept, adminId };
};

const createCouponEvent = async (gatewayUrl: string, token: string): Promise<string> => {
  const hour = 3_600_000;
  const at = (fromNow: number): string => new Date(Date.now() + fromNow).toISOString();
  const body = { ...demoCoupon, opensAt: at(-hour), closesAt: at(30 * 24 * hour), couponValidUntil: at(60 * 24 * hour) };
  return (await call<{ id: string }>(gatewayUrl, 'POST', '/v1/admin/coupon-events', { token, body })).id;
};

/** An account with its first charge; the charge has one key, so a second start does not charge again. */
const enrol = async (gatewayUrl: string, customer: (typeof demoCustomers)[number], password: string): Promise<DemoAccount> => {
  const { loginId, name, charge } = customer;
  await call(gatewayUrl, 'POST', '/v1/users', { body: { loginId, name, password } }).catch((error: unknown) => {
    if (!(error instanceof ProblemError && error.code === 'LOGIN_ID_TAKEN')) throw error;
  });
  const accessToken = await signIn(gatewayUrl, { loginId, password }).catch((error: unknown) => {
    if (!(error instanceof ProblemError && error.code === 'INVALID_CREDENTIALS')) throw error;
    throw new Failure(
      `${loginId} of the demo shop is there, but with a password that this checkout does not have: its seed file was removed.`,
      'To begin anew, with all data: npm stop && rm -r .local',
    );
  });
  const { id } = await call<{ id: string }>(gatewayUrl, 'GET', '/v1/me', { token: accessToken });
  const { items } = await call<{ items: unknown[] }>(gatewayUrl, 'GET', '/v1/wallet/transactions?limit=1', { token: accessToken });
  if (items.length === 0) await topUp(gatewayUrl, accessToken, charge, 'seed-charge');
  return { id, loginId, password, accessToken };
};

/** Charges a wallet with an amount in won, a multiple of 1,000. */
export const topUp = (gatewayUrl: string, token: string, amount: number, idempotencyKey: string): Promise<unknown> =>
  call(gatewayUrl, 'POST', '/v1/wallet/charges', { token, body: { amount }, idempotencyKey });

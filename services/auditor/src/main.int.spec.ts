import { execFile } from 'node:child_process';
import { freePort } from '@jumun/testkit';
import { EVENT, type TestBooks, testBooks } from './books.fixture.ts';
import type { Report } from './check.ts';
import { checks } from './checks/index.ts';

const program = new URL('../dist/main.js', import.meta.url).pathname;

interface Ended {
  readonly code: number | string | null | undefined;
  readonly said: string;
  readonly complained: string;
}

const run = (args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> =>
  new Promise((resolve) =>
    execFile(process.execPath, [program, ...args], { env: { ...process.env, ...env } }, (error, said, complained) =>
      resolve({ code: error === null ? 0 : error.code, said, complained }),
    ),
  );

describe('the exit code of the auditor', () => {
  let given: TestBooks;
  let env: Record<string, string>;
  beforeAll(async () => {
    given = await testBooks();
    await given.reset();
    env = Object.fromEntries(Object.entries(given.urls).map(([schema, url]) => [`${schema.toUpperCase()}_DATABASE_URL`, url]));
  });
  afterAll(() => given.drop());

  it('tells books that agree from books that do not', async () => {
    expect(await run(['--strict'], env)).toMatchObject({ code: 0, said: expect.stringContaining('The books agree.') as string });
    await given.tamper('coupon', `UPDATE coupon_events SET issued = 7 WHERE id = '${EVENT}'`);
    expect(await run(['--strict', '--only', 'coupons.'], env)).toMatchObject({ code: 1 });
  });

  it('is another when it could not look at one of them, and says what of the others', async () => {
    await given.reset();
    await given.tamper('coupon', 'RENAME TABLE outbox TO elsewhere');
    const { code, said } = await run(['--strict'], env);
    await given.tamper('coupon', 'RENAME TABLE elsewhere TO outbox');
    expect(code).toBe(2);
    expect(said).toMatch(/^\? outbox\.coupon\.sent *\n {4}Could not look: .*outbox/m);
    expect(said).toMatch(/^✔ idempotency\.orders\.points-to-effect .*\nNot all could be looked at\. What was seen agrees\.\n$/m);
  });

  it('is that of books that do not agree when a database is away that others need', async () => {
    await given.reset();
    await given.tamper('wallet', 'UPDATE wallets SET balance = 8101');
    const away = { ...env, COUPON_DATABASE_URL: `mysql://auditor:x@127.0.0.1:${await freePort()}/coupon` };
    const told = await run(['--strict'], away);
    expect(told.code).toBe(1);
    expect(told.said).toMatch(/^✘ wallet\.balance-equals-ledger .*^\? coupons\.issued-counted .*The books do NOT agree, and not all/ms);
    const { code, said } = await run(['--strict', '--json'], away);
    expect(code).toBe(1);
    const report = JSON.parse(said) as Report;
    expect(report.checks.map(({ name }) => name)).toEqual(checks.map(({ name }) => name));
    expect(report.checks.filter(({ violations }) => violations.length > 0).map(({ name }) => name)).toEqual([
      'wallet.balance-equals-ledger',
    ]);
  });

  it('is another when it could not look', async () => {
    const away = `mysql://auditor:x@127.0.0.1:${await freePort()}/orders`;
    const { code, said } = await run(['--only', 'orders.'], { ...env, ORDERS_DATABASE_URL: away });
    expect(code).toBe(2);
    expect(said).toMatch(/^\? orders\.paid-exactly-once *\n {4}Could not look: a database is away, or did not answer in time \(.*\)\.$/m);
    expect(said).toMatch(/\nNothing could be looked at\. This says nothing of the books; try again\.\n$/);
    expect(await run(['--only', 'nothing'], env)).toMatchObject({ code: 2, said: '' });
    expect(await run([], { ...env, ORDERS_DATABASE_URL: 'nowhere' })).toMatchObject({ code: 78 });
  });
});

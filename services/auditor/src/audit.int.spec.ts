import { audit } from './audit.ts';
import { EVENT, type TestBooks, testBooks, USER } from './books.fixture.ts';
import type { Check } from './check.ts';
import { checks } from './checks/index.ts';
import { verdictOf } from './exit/verdict.ts';

describe('a check that cannot be made', () => {
  let given: TestBooks;
  beforeAll(async () => {
    given = await testBooks();
  });
  afterAll(() => given.drop());
  beforeEach(() => given.reset());

  const failing = (fail: (check: Check) => Promise<never>): Check[] =>
    checks.map((check, index) => (index === 0 ? { ...check, examine: () => fail(check) } : check));
  const inVain = failing(() => Promise.reject(new Error('no such table')));

  it('says so, and the others are made', async () => {
    const report = await audit(given.books, inVain, { strict: true });
    expect(report.checks.map(({ name }) => name)).toEqual(checks.map(({ name }) => name));
    expect(report.checks.filter(({ ok }) => !ok)).toMatchObject([
      { name: checks[0]?.name, violations: [], couldNotLook: expect.stringContaining('no such table') as string },
    ]);
    expect({ ok: report.ok, ...verdictOf(report) }).toMatchObject({ ok: false, code: 2 });
  });

  it('takes nothing from a contradiction that another has found', async () => {
    await given.tamper('coupon', `UPDATE coupon_events SET issued = 7 WHERE id = '${EVENT}'`);
    expect(verdictOf(await audit(given.books, inVain, { strict: true }))).toMatchObject({ code: 1 });
  });

  const away = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });

  it('is one of several as long as the databases answer', async () => {
    const report = await audit(
      given.books,
      failing(() => Promise.reject(away)),
      { strict: true },
    );
    expect(report.checks.filter(({ ok }) => !ok)).toHaveLength(1);
    expect(verdictOf(report)).toMatchObject({ code: 2 });
  });

  it('is the last one that is tried with a database away: what was found before it is said, and that nothing is said of the others', async () => {
    await given.tamper('wallet', 'UPDATE wallets SET balance = 8101');
    const books = { ...given.books, coupon: { query: () => Promise.reject(away) } };
    const report = await audit(books, checks, { strict: true });
    const [found, ...rest] = report.checks.filter(({ ok }) => !ok);
    expect(found).toMatchObject({ name: 'wallet.balance-equals-ledger', violations: [{ id: USER }] });
    expect(rest.map(({ name }) => name)).toEqual(
      checks.slice(checks.findIndex(({ name }) => name === 'coupons.issued-counted')).map(({ name }) => name),
    );
    expect(rest[0]?.couldNotLook).toMatch(/^Could not look: a database is away/);
    expect(new Set(rest.slice(1).map(({ couldNotLook }) => couldNotLook))).toEqual(new Set(['Not tried, since a database was away.']));
    expect({ ok: report.ok, ...verdictOf(report) }).toEqual({
      ok: false,
      code: 1,
      verdict: 'The books do NOT agree, and not all could be looked at.',
    });
  });
});

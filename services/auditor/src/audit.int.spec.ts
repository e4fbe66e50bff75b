import { audit } from './audit.ts';
import { EVENT, type TestBooks, testBooks } from './books.fixture.ts';
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

  it('is one of several only if the databases answer: else the audit ends', async () => {
    const away = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    const asked = failing(() => Promise.reject(away));
    expect(verdictOf(await audit(given.books, asked, { strict: true }))).toMatchObject({ code: 2 });
    const books = { ...given.books, wallet: { query: () => Promise.reject(away) } };
    await expect(audit(books, asked, { strict: true })).rejects.toBe(away);
  });
});

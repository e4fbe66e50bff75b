import { isTransient, sleep } from '@jumun/service-kit';
import { type Books, SCHEMAS } from './books.ts';
import type { Check, CheckReport, Report, Violation } from './check.ts';
import { couldNotLook, NOT_TRIED } from './exit/could-not-look.ts';

/** Waits between looks at a suspect. An effect that is under way shows in every schema within a second or so; a broken one never does. */
const LOOK_AGAIN_AFTER_MS = [500, 1_000, 2_000, 4_000, 8_000];
/** Ids in one statement of a second look: far below what a packet holds. */
const SUSPECTS_AT_ONCE = 500;

export interface AuditOptions {
  /** At rest: nothing may be in flight, and nothing is looked at twice. */
  readonly strict?: boolean;
  /** Waits between looks at a suspect, in milliseconds. */
  readonly lookAgainAfterMs?: readonly number[];
  readonly onCheck?: (report: CheckReport) => void;
}

const chunks = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));

/** Looks again at those ids only. What is still wrong then goes on being suspected. */
const stillWrong = async (check: Check, books: Books, suspects: readonly Violation[]): Promise<Violation[]> => {
  const ids = [...new Set(suspects.map(({ id }) => id))];
  const found: Violation[] = [];
  // One after another: with hundreds of chunks at once, most would wait for a connection until they had to give up.
  for (const some of chunks(ids, SUSPECTS_AT_ONCE)) found.push(...(await check.examine({ books, strict: false, ids: some })).violations);
  return found;
};

const runCheck = async (check: Check, books: Books, strict: boolean, lookAgainAfterMs: readonly number[]): Promise<CheckReport> => {
  const first = await check.examine({ books, strict });
  let violations = [...first.violations];
  if (!strict) {
    // Two schemas are never read at one instant, so an order under way may look half done; only what stays wrong is called a violation.
    for (const waitMs of lookAgainAfterMs) {
      if (violations.length === 0) break;
      await sleep(waitMs);
      violations = await stillWrong(check, books, violations);
    }
  }
  return { name: check.name, claim: check.claim, ok: violations.length === 0, checked: first.checked, violations };
};

const allAnswer = (books: Books): Promise<boolean> =>
  Promise.all(SCHEMAS.map((schema) => books[schema].query('SELECT 1'))).then(
    () => true,
    () => false,
  );

const notMade = ({ name, claim }: Check, why: string): CheckReport => ({
  name,
  claim,
  ok: false,
  checked: 0,
  violations: [],
  couldNotLook: why,
});

/** Reads all books and says, invariant by invariant, whether they agree. Changes nothing. */
export const audit = async (
  books: Books,
  checks: readonly Check[],
  { strict = false, lookAgainAfterMs = LOOK_AGAIN_AFTER_MS, onCheck }: AuditOptions = {},
): Promise<Report> => {
  let isAway = false;
  /** One check that cannot be made hides none of the others. With a database away, however, most would fail, each after a wait. */
  const make = async (check: Check): Promise<CheckReport> => {
    if (isAway) return notMade(check, NOT_TRIED);
    try {
      return await runCheck(check, books, strict, lookAgainAfterMs);
    } catch (error) {
      isAway = isTransient(error) && !(await allAnswer(books));
      return notMade(check, couldNotLook(error));
    }
  };
  const reports: CheckReport[] = [];
  for (const check of checks) {
    const report = await make(check);
    onCheck?.(report);
    reports.push(report);
  }
  return { at: new Date().toISOString(), ok: reports.every(({ ok }) => ok), checks: reports };
};

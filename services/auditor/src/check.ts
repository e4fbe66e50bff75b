import type { Books } from './books.ts';

/** A row or a pair of rows that contradict an invariant. */
export interface Violation {
  /** The order, user, option, coupon, command … that it is about: enough to find the rows. */
  readonly id: string;
  readonly message: string;
}

/** How to look. */
export interface Scope {
  readonly books: Books;
  /** Nothing is under way: what would be in flight on a busy suite is a violation. */
  readonly strict: boolean;
  /** Only these ids are looked at again; without it, everything is. */
  readonly ids?: readonly string[];
}

export interface Finding {
  /** How many rows or groups of rows were compared. */
  readonly checked: number;
  readonly violations: readonly Violation[];
}

/** One invariant. */
export interface Check {
  readonly name: string;
  /** What must hold, in a sentence. */
  readonly claim: string;
  readonly examine: (scope: Scope) => Promise<Finding>;
}

export interface CheckReport {
  readonly name: string;
  readonly claim: string;
  readonly ok: boolean;
  readonly checked: number;
  readonly violations: readonly Violation[];
  /** Why nothing is said of this invariant; such a check is not `ok`, though nothing contradicts it. */
  readonly couldNotLook?: string;
}

export interface Report {
  readonly at: string;
  /** Whether all were looked at, and nothing contradicts them. */
  readonly ok: boolean;
  readonly checks: readonly CheckReport[];
}

/** Restricts a statement to the ids of a second look: `AND column IN (…)`, or nothing at a first one. */
export const only = (column: string, ids: readonly string[] | undefined): { sql: string; params: readonly (readonly string[])[] } =>
  ids === undefined ? { sql: '', params: [] } : { sql: ` AND ${column} IN (?)`, params: [ids] };

/** A check that one SELECT answers: each row of it is a violation (`id`, `message`). `checked` counts what was compared. */
export const sqlCheck = (
  name: string,
  claim: string,
  schema: 'wallet' | 'catalog' | 'coupon' | 'orders',
  statements: (scope: Scope) => { violations: string; params?: readonly unknown[]; counted: string },
): Check => ({
  name,
  claim,
  examine: async (scope) => {
    const { violations, params, counted } = statements(scope);
    const database = scope.books[schema];
    const [rows, counts] = await Promise.all([
      database.query<Violation>(violations, params),
      scope.ids === undefined ? database.query<{ n: number }>(`SELECT COUNT(*) AS n FROM ${counted}`) : [{ n: scope.ids.length }],
    ]);
    return { checked: Number(counts[0]?.n ?? 0), violations: rows.map(({ id, message }) => ({ id: String(id), message })) };
  },
});

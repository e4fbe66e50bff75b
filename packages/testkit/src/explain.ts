import type { Database } from '@jumun/service-kit';

/** A row of MySQL's and MariaDB's traditional plan; MySQL has null where MariaDB has an empty text. */
interface Line {
  readonly table: string | null;
  readonly type: string | null;
  readonly key: string | null;
  readonly Extra: string | null;
}

/** How the server would carry a statement out, one line a table: name, access, index, `filesort` where it sorts. What is not there is left out. */
export const explain = async (
  { db }: { readonly db: Pick<Database, 'query'> },
  sql: string,
  params: readonly unknown[],
): Promise<string[]> =>
  (await db.query<Line>(`EXPLAIN FORMAT = TRADITIONAL ${sql}`, params))
    .filter(({ table }) => table !== null)
    .map(({ table, type, key, Extra }) =>
      [table, type, key, Extra?.includes('filesort') ? 'filesort' : null].filter((part) => part !== null).join(' '),
    );

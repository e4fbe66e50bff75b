import type { Connection, UpsertResult } from 'mariadb';
import { toSqlParams } from './sql-values.ts';

/** Anything but NULL goes as text, and the server converts it: a row whose types differ from those of the first one would begin another packet. */
const asText = (value: unknown): unknown =>
  typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean' ? String(Number(value)) : value;

const list = (verb: string, into: string, rows: readonly (readonly unknown[])[], onDuplicate = ''): [sql: string, params: unknown[]] => {
  const row = `(${(rows[0] ?? []).map(() => '?').join(', ')})`;
  return [`${verb} INTO ${into} VALUES ${rows.map(() => row).join(', ')} ${onDuplicate}`, rows.flat()];
};

/** An INSERT of many rows as one statement with its parameters. It keeps its place among the statements that are sent before and after it. */
export const insertList = (into: string, rows: readonly (readonly unknown[])[], onDuplicate = ''): [sql: string, params: unknown[]] =>
  list('INSERT', into, rows, onDuplicate);

/**
 * The same for claims: it waits for rivals and leaves what is there already, locked against change (shared). Its affected rows are those that
 * it has inserted, whatever the connection counts of others. IGNORE would hide other mistakes in a row too, so the values must have been checked.
 */
export const claimRows = (into: string, rows: readonly (readonly unknown[])[]): [sql: string, params: unknown[]] =>
  list('INSERT IGNORE', into, rows);

/**
 * Inserts rows that nothing sent beside it depends on. MariaDB gets the binary protocol's bulk form, which costs it half of what it
 * pays for reading the values out of JSON or of a list, but whose statement may first have to be prepared: what is sent after it can then
 * be carried out before it. MySQL, which does not know that form, gets the list. Answers the affected rows.
 */
export const insertRows = async (
  conn: Connection,
  into: string,
  rows: readonly (readonly unknown[])[],
  onDuplicate = '',
): Promise<number> => {
  const [first] = rows;
  if (first === undefined) return 0;
  if (conn.info?.isMariaDB() !== true) {
    const [sql, params] = insertList(into, rows, onDuplicate);
    return ((await conn.query(sql, toSqlParams(params))) as UpsertResult).affectedRows;
  }
  const [sql] = insertList(into, [first], onDuplicate);
  const values = rows.map((row) => toSqlParams(row).map(asText));
  const results = (await conn.batch(sql, values)) as UpsertResult | UpsertResult[];
  return [results].flat().reduce((sum, { affectedRows }) => sum + affectedRows, 0);
};

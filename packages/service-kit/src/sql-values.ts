import type { FieldInfo } from 'mariadb';

// The driver reads and writes dates in the process's time zone whatever its `timezone` option says (that one only sets the session's).
// So dates cross the border as text in UTC, and are converted here: no answer may depend on the TZ of a machine.

const DATE_TYPES = new Set<string>(['DATETIME', 'TIMESTAMP', 'DATE', 'NEWDATE']);

const toSql = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value.toISOString().replace('T', ' ').slice(0, -1);
  // The driver knows Buffers as bytes, and would send any other typed array as JSON.
  if (value instanceof Uint8Array) return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (Array.isArray(value)) {
    if (value.length === 0) throw new TypeError('an empty list is no SQL: `IN ()` does not parse; do not send the statement');
    return value.map(toSql);
  }
  return value;
};

/** Parameters as the driver takes them: dates as UTC text, bytes as Buffers; an array becomes a comma separated list (for `IN (?)`). */
export const toSqlParams = (params: readonly unknown[]): unknown[] => params.map(toSql);

const toDate = (text: string): Date => new Date(text.length === 10 ? `${text}T00:00:00Z` : `${text.replace(' ', 'T')}Z`);

/** Turns the text of date columns into `Date`s, in place; rows without such columns are not touched. */
export const reviveDates = <Row>(rows: Row[], meta: FieldInfo[] | undefined): Row[] => {
  if (meta === undefined || rows.length === 0) return rows;
  for (const field of meta) {
    if (!DATE_TYPES.has(field.type)) continue;
    const name = field.name();
    for (const row of rows as Record<string, unknown>[]) {
      const text = row[name];
      if (typeof text === 'string') row[name] = toDate(text);
    }
  }
  return rows;
};

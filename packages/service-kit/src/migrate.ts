import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createConnection, type Connection } from 'mariadb';
import { connectionOf } from './database-url.ts';
import { textOf } from './errors.ts';

// In the form of the table that Prisma's own schema engine keeps.
const TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) NOT NULL PRIMARY KEY,
  checksum VARCHAR(64) NOT NULL,
  finished_at DATETIME(3) NULL,
  migration_name VARCHAR(255) NOT NULL,
  logs TEXT NULL,
  rolled_back_at DATETIME(3) NULL,
  started_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  applied_steps_count INTEGER UNSIGNED NOT NULL DEFAULT 0
) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`;

const LOCK_WAIT_S = 60;

interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

interface Applied {
  migration_name: string;
  checksum: string;
  finished_at: Date | null;
}

const readMigrations = async (folder: string): Promise<Migration[]> => {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(
    names.toSorted().map(async (name) => {
      const sql = await readFile(join(folder, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
};

/** The statements of a script: they end with `;` at the end of a line; lines that are only a comment are dropped. */
export const splitSql = (script: string): string[] =>
  script
    .split('\n')
    .filter((line) => !/^\s*--(\s|$)/.test(line))
    .join('\n')
    .split(/;[ \t\r]*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');

const applyOne = async (conn: Connection, { name, sql, checksum }: Migration): Promise<void> => {
  const id = randomUUID();
  await conn.query('INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at) VALUES (?, ?, ?, UTC_TIMESTAMP(3))', [
    id,
    checksum,
    name,
  ]);
  const statements = splitSql(sql);
  for (const [i, statement] of statements.entries()) {
    try {
      await conn.query(statement);
    } catch (cause) {
      const message = `migration ${name} failed at statement ${i + 1} of ${statements.length}: ${textOf(cause)}`;
      await conn.query('UPDATE _prisma_migrations SET logs = ? WHERE id = ?', [message, id]);
      throw new Error(message, { cause });
    }
  }
  await conn.query('UPDATE _prisma_migrations SET finished_at = UTC_TIMESTAMP(3), applied_steps_count = 1 WHERE id = ?', [id]);
};

const check = (name: string, applied: Applied, migration: Migration | undefined): void => {
  if (applied.finished_at === null)
    throw new Error(
      `migration ${name} was begun and never finished (its table row has the reason): repair the schema and remove or finish that row`,
    );
  if (migration !== undefined && migration.checksum !== applied.checksum)
    throw new Error(`migration ${name} was changed after it had been applied: restore the file and put the change into a new migration`);
};

/**
 * Applies `<folder>/<name>/migration.sql` in the order of their names, each once. Safe to call from several processes at a time: the others
 * wait. MySQL commits DDL statement by statement, so a migration that fails half way stays marked as unfinished and stops later calls.
 * @returns the names applied now
 */
export const migrate = async (url: string, folder: string): Promise<string[]> => {
  const migrations = await readMigrations(folder);
  const conn = await createConnection({ ...connectionOf(url), multipleStatements: false });
  // Locks are known to the whole server; two schemas must not wait for each other.
  const lock = `migrate:${createHash('sha1').update(new URL(url).pathname).digest('hex')}`;
  try {
    const [locked] = await conn.query<{ ok: unknown }[]>('SELECT GET_LOCK(?, ?) AS ok', [lock, LOCK_WAIT_S]);
    if (Number(locked?.ok) !== 1) throw new Error(`another migration of this schema has been running for ${LOCK_WAIT_S} s`);
    await conn.query(TABLE);
    const rows = await conn.query<Applied[]>(
      'SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL',
    );
    const applied = new Map(rows.map((row) => [row.migration_name, row]));
    const known = new Map(migrations.map((migration) => [migration.name, migration]));
    for (const [name, row] of applied) check(name, row, known.get(name));
    const pending = migrations.filter(({ name }) => !applied.has(name));
    for (const migration of pending) await applyOne(conn, migration);
    return pending.map(({ name }) => name);
  } finally {
    await conn.end();
  }
};

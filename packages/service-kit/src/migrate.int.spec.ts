import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MariadbServer, startMariadb } from '../test/mariadb-server.ts';
import { migrate, splitSql } from './migrate.ts';
import { openDatabase } from './tx.ts';

let server: MariadbServer;
const folder = mkdtempSync(join(tmpdir(), 'kit-migrations-'));

const write = (name: string, sql: string): void => {
  mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, name, 'migration.sql'), sql);
};
const FIRST = `-- CreateTable\nCREATE TABLE note (\n  id INT PRIMARY KEY,\n  text VARCHAR(50) DEFAULT 'a;b'\n);\nINSERT INTO note (id) VALUES (1);\n`;

beforeAll(async () => {
  server = await startMariadb();
});
beforeEach(() => {
  rmSync(folder, { recursive: true });
  write('20240101000000_first', FIRST);
  write('20240102000000_second', 'ALTER TABLE note ADD COLUMN more INT;\nUPDATE note SET more = 7');
  writeFileSync(join(folder, 'migration_lock.toml'), 'provider = "mysql"\n');
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await server.stop();
});

it('applies each migration once, in order, also when several processes try at a time', async () => {
  const url = await server.schema();
  const applied = await Promise.all([migrate(url, folder), migrate(url, folder), migrate(url, folder)]);
  expect(applied.flat()).toEqual(['20240101000000_first', '20240102000000_second']);
  const db = openDatabase(url);
  expect(await db.query('SELECT id, text, more FROM note')).toMatchObject([{ id: 1, text: 'a;b', more: 7 }]);
  const rows = await db.query(
    'SELECT checksum, finished_at, applied_steps_count, rolled_back_at FROM _prisma_migrations ORDER BY migration_name',
  );
  expect(rows).toMatchObject(
    [1, 2].map(() => ({
      checksum: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      finished_at: expect.any(Date) as Date,
      applied_steps_count: 1,
      rolled_back_at: null,
    })),
  );
  await db.close();
});

it('refuses a migration that was changed after it had been applied', async () => {
  const url = await server.schema();
  await migrate(url, folder);
  write('20240101000000_first', `${FIRST}-- one more word\n`);
  await expect(migrate(url, folder)).rejects.toThrow('20240101000000_first was changed after it had been applied');
});

it('names the statement that fails, and stays stopped until somebody has looked', async () => {
  const url = await server.schema();
  write('20240103000000_third', 'UPDATE note SET more = 8;\nUPDATE nothing SET x = 1;\n');
  await expect(migrate(url, folder)).rejects.toThrow('20240103000000_third failed at statement 2 of 2');
  await expect(migrate(url, folder)).rejects.toThrow('begun and never finished');
});

it('splits at semicolons that end a line', () => {
  expect(splitSql("-- a;\nSELECT ';' ;  \n\nSELECT 2;\r\n-- end\nSELECT 3")).toEqual(["SELECT ';'", 'SELECT 2', 'SELECT 3']);
});

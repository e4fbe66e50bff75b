/** Shows: each service's Prisma schema, its migrations and the tables that packages keep in it say the same. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { INBOX_DDL, OUTBOX_DDL } from '@jumun/messaging';
import { type Database, IDEMPOTENCY_DDL } from '@jumun/service-kit';
import { type FreshDatabase, freshDatabase } from '@jumun/testkit';
import { type Table, tablesOf } from './prisma-schema.ts';

const root = join(import.meta.dirname, '..', '..', 'services');
const services = readdirSync(root).filter((name) => existsSync(join(root, name, 'prisma')));

/** What the packages say of their own tables. */
const KEPT_BY_PACKAGES: Readonly<Record<string, string>> = { inbox: INBOX_DDL, outbox: OUTBOX_DDL, idempotency: IDEMPOTENCY_DDL };

const ofPackages = mkdtempSync(join(tmpdir(), 'jumun-ddl-'));
const open: FreshDatabase[] = [];
const migrated = async (folder: string): Promise<Database> => {
  const fresh = await freshDatabase(folder);
  open.push(fresh);
  return fresh.db;
};
afterAll(async () => {
  await Promise.all(open.map((each) => each.drop()));
  rmSync(ofPackages, { recursive: true });
});

/** Tables, columns and indexes as they are in the database. */
const tablesIn = async (db: Database): Promise<Record<string, Table>> => {
  const columns = await db.query<{ t: string; c: string; type: string; canBeNull: string; preset: string | null; extra: string }>(`
    SELECT table_name AS t, column_name AS c, column_type AS type, is_nullable AS canBeNull, column_default AS preset, extra
      FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position`);
  const indexes = await db.query<{ t: string; i: string; columns: string }>(`
    SELECT table_name AS t, index_name AS i, GROUP_CONCAT(column_name ORDER BY seq_in_index) AS columns
      FROM information_schema.statistics WHERE table_schema = DATABASE() GROUP BY table_name, index_name`);
  const described = ({ type, canBeNull, preset, extra }: (typeof columns)[number]): string => {
    // A MariaDB says how wide it would print a number, and NULL where nothing is preset.
    const presets = (preset !== null && preset !== 'NULL') || extra.includes('auto_increment');
    return [type.replace(/^(bigint|int)\(\d+\)/, '$1'), ...(canBeNull === 'YES' ? ['NULL'] : []), ...(presets ? ['DEFAULT'] : [])].join(
      ' ',
    );
  };
  return Object.fromEntries(
    [...new Set(columns.map(({ t }) => t))].map((table) => [
      table,
      {
        columns: Object.fromEntries(columns.filter(({ t }) => t === table).map((column) => [column.c, described(column)])),
        indexes: Object.fromEntries(indexes.filter(({ t }) => t === table).map((index) => [index.i, index.columns])),
      },
    ]),
  );
};

const createStatement = async (db: Database, table: string): Promise<string | undefined> =>
  (await db.query<Record<string, string>>(`SHOW CREATE TABLE ${table}`))[0]?.['Create Table'];

const wanted = (async (): Promise<Map<string, string | undefined>> => {
  mkdirSync(join(ofPackages, '1'));
  writeFileSync(join(ofPackages, '1', 'migration.sql'), Object.values(KEPT_BY_PACKAGES).join(';\n\n'));
  const db = await migrated(ofPackages);
  return new Map(await Promise.all(Object.keys(KEPT_BY_PACKAGES).map(async (name) => [name, await createStatement(db, name)] as const)));
})();

it('looks at all that keep data', () => expect(services).toEqual(['catalog-inventory', 'coupon', 'order-orchestrator', 'wallet']));

describe.each(services)('%s', (service) => {
  let db: Database;
  let tables: Record<string, Table>;
  beforeAll(async () => {
    db = await migrated(join(root, service, 'prisma', 'migrations'));
    tables = await tablesIn(db);
  });

  it('has the tables, columns and indexes that its Prisma schema names, and no others', () => {
    const own = Object.entries(tables).filter(([name]) => name !== '_prisma_migrations' && !(name in KEPT_BY_PACKAGES));
    expect(Object.fromEntries(own)).toEqual(tablesOf(readFileSync(join(root, service, 'prisma', 'schema.prisma'), 'utf8')));
  });

  it('keeps what the packages need as they say it', async () => {
    const kept = Object.keys(KEPT_BY_PACKAGES).filter((name) => name in tables);
    // The orchestrator takes no commands, and stores its final events with its sagas.
    expect(kept).toEqual(service === 'order-orchestrator' ? ['idempotency'] : ['inbox', 'outbox', 'idempotency']);
    for (const name of kept) expect(await createStatement(db, name)).toBe((await wanted).get(name));
  });
});

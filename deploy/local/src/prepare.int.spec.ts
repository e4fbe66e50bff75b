import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mariadb';
import { CONNECT_WITHIN_MS, type Infrastructure } from './infra/connection.ts';
import { stopContainers } from './infra/docker.ts';
import { startInfrastructure } from './infra/start.ts';
import { databaseUrl, prepareDatabases } from './prepare.ts';
import { type Secrets, secretsIn } from './secrets.ts';
import { auditorUser, schemas } from './services.ts';

// Servers of its own: accounts hold for a whole server, and are named like those of a cluster.
const dir = mkdtempSync(join(tmpdir(), 'jumun-prepare-'));
let infra: Infrastructure;
let secrets: Secrets;
beforeAll(async () => {
  infra = await startInfrastructure({ dir, ephemeral: true });
  secrets = secretsIn(dir);
  await prepareDatabases(infra, secrets);
}, 180_000);
afterAll(async () => {
  await infra?.stop();
  if (infra?.kind === 'docker') await stopContainers(dir, { remove: true });
  rmSync(dir, { recursive: true, force: true });
});

/** One statement of a user, in a schema of whoever. */
const as = async (user: string, schema: string, sql: string): Promise<unknown[]> => {
  const { hostname, port, username, password } = new URL(databaseUrl(infra, secrets, user));
  const account = { host: hostname, port: Number(port), user: username, password };
  const connection = await createConnection({ ...account, connectTimeout: CONNECT_WITHIN_MS, allowPublicKeyRetrieval: true });
  try {
    return await connection.query<unknown[]>(sql.replaceAll('$', `\`${schema}\``));
  } finally {
    await connection.end();
  }
};

const READ = 'SELECT LEAST(COUNT(*), 1) AS n FROM $._prisma_migrations';
const WRITES = [
  "INSERT INTO $._prisma_migrations (id, checksum, migration_name) VALUES ('x', 'x', 'x')",
  "UPDATE $._prisma_migrations SET logs = 'x'",
  'DELETE FROM $._prisma_migrations',
  'CREATE TABLE $.stray (id INT)',
  'ALTER TABLE $._prisma_migrations ADD COLUMN stray INT',
  'TRUNCATE TABLE $._prisma_migrations',
  'DROP TABLE $._prisma_migrations',
  'DROP DATABASE $',
];

test.each(schemas)('a service reads and writes its own schema: %s', async (schema) => {
  expect(await as(schema, schema, READ)).toEqual([{ n: 1n }]);
  await as(schema, schema, 'CREATE TABLE $.probe (id INT)');
  await as(schema, schema, 'DROP TABLE $.probe');
});

test.each(schemas)('the auditor reads %s and can change nothing in it', async (schema) => {
  expect(await as(auditorUser, schema, READ)).toEqual([{ n: 1n }]);
  for (const write of WRITES) await expect(as(auditorUser, schema, write)).rejects.toThrow(/denied/);
});

test.each(schemas.flatMap((user) => schemas.filter((schema) => schema !== user).map((schema) => [user, schema] as const)))(
  'the user of %s does not see %s',
  async (user, schema) => {
    for (const sql of [READ, ...WRITES]) await expect(as(user, schema, sql)).rejects.toThrow(/denied/);
    expect(await as(user, schema, `SHOW DATABASES LIKE '${schema}'`)).toEqual([]);
  },
);

test('nobody makes accounts or grants rights but root', async () => {
  for (const user of [auditorUser, ...schemas]) {
    await expect(as(user, user, "CREATE USER stray@'%'")).rejects.toThrow(/denied/);
    await expect(as(user, schemas[0]!, `GRANT SELECT ON $.* TO '${auditorUser}'@'%'`)).rejects.toThrow(/denied/);
  }
});

test('preparing again changes nothing, and passwords of today hold; a server that stands still for a moment is waited for', async () => {
  await infra.servers.mysql.kill('SIGSTOP');
  setTimeout(() => void infra.servers.mysql.kill('SIGCONT'), 1_500);
  await prepareDatabases(infra, secrets);
  expect(await as(schemas[0]!, schemas[0]!, READ)).toEqual([{ n: 1n }]);
});

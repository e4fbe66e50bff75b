import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openBus } from '@jumun/messaging';
import { topics, wallet } from '@jumun/protos';
import { createLogger, newId } from '@jumun/service-kit';
import { freshPrefix, infrastructure } from '@jumun/testkit';
import { createConnection, type Connection } from 'mariadb';
import { CONNECT_WITHIN_MS } from '../infra/connection.ts';
import { schemas } from '../services.ts';

// Servers as somebody has them: four empty schemas, an account that may do everything in these, a broker without topics of this prefix.
const dir = mkdtempSync(join(tmpdir(), 'jumun-servers-'));
const file = join(dir, 'my.env');
const tag = randomBytes(4).toString('hex');
const nameOf = (schema: string): string => `own_${tag}_${schema}`;
const prefix = freshPrefix();
let root: Connection;
let variables: Record<string, string>;

interface Ran {
  code: number;
  output: string;
}
const cli = fileURLToPath(new URL('../cli.ts', import.meta.url));
const { NODE_OPTIONS: _ours, ...env } = process.env; // this runner's flags are not meant for it
const command = (...args: string[]): Promise<Ran> =>
  new Promise((resolve) => {
    execFile(process.execPath, ['--no-warnings', cli, 'prepare-servers', ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr }),
    );
  });
const prepare = (changes: Record<string, string> = {}): Promise<Ran> => {
  const lines = Object.entries({ ...variables, ...changes }).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(file, lines.join(''));
  return command(file);
};
const rows = (sql: string): Promise<Record<string, unknown>[]> => root.query(sql);

beforeAll(async () => {
  const { mysql, kafkaBrokers } = await infrastructure();
  const { host, port, rootUser, rootPassword } = mysql;
  const account = { host, port, user: rootUser, password: rootPassword };
  root = await createConnection({ ...account, connectTimeout: CONNECT_WITHIN_MS, allowPublicKeyRetrieval: true });
  await root.query(`CREATE USER 'own_${tag}'@'%' IDENTIFIED BY 'own'`);
  for (const schema of schemas) {
    await root.query(`CREATE DATABASE ${nameOf(schema)} CHARACTER SET utf8mb4`);
    await root.query(`GRANT ALL PRIVILEGES ON ${nameOf(schema)}.* TO 'own_${tag}'@'%'`);
  }
  variables = {
    ...Object.fromEntries(
      schemas.map((schema) => [`${schema.toUpperCase()}_DATABASE_URL`, `mysql://own_${tag}:own@${host}:${port}/${nameOf(schema)}`]),
    ),
    KAFKA_BROKERS: kafkaBrokers.join(','),
    TOPIC_PREFIX: prefix,
    ADMIN_LOGIN_ID: 'boss',
    ADMIN_PASSWORD: 'a long password',
  };
});
afterAll(async () => {
  for (const schema of schemas) await root.query(`DROP DATABASE ${nameOf(schema)}`);
  await root.query(`DROP USER 'own_${tag}'@'%'`);
  await root.end();
  rmSync(dir, { recursive: true });
});

it('names what is missing or wrong, all of it, and has changed nothing', async () => {
  const { WALLET_DATABASE_URL: wallets = '', COUPON_DATABASE_URL: coupons = '' } = variables;
  const without = await prepare({ KAFKA_BROKERS: '', ORDERS_DATABASE_URL: '' });
  const wrong = await prepare({ COUPON_DATABASE_URL: coupons.replace(':own@', ':hush@'), ORDERS_DATABASE_URL: wallets });
  const half = await prepare({ ADMIN_PASSWORD: '' });
  const noFile = await command(join(dir, 'nothing'));
  expect([without, wrong, half, noFile].map(({ code }) => code)).toEqual([1, 1, 1, 1]);

  for (const name of ['KAFKA_BROKERS', 'ORDERS_DATABASE_URL']) expect(without.output).toContain(`${name}: is not set\n`);
  expect(wrong.output).toMatch(/COUPON_DATABASE_URL: MySQL at \S+ refuses user own_\w+ \(Access denied\)/);
  expect(wrong.output).toContain('ORDERS_DATABASE_URL: names the same schema as WALLET_DATABASE_URL\n');
  expect(wrong.output).not.toContain('hush');
  expect(half.output).toContain('Of ADMIN_LOGIN_ID and ADMIN_PASSWORD one is not set.');
  expect(noFile.output).toContain('cannot be read');
  expect(await rows(`SELECT table_name FROM information_schema.tables WHERE table_schema LIKE 'own\\_${tag}\\_%'`)).toEqual([]);
});

it('makes tables, topics and administrator, and repeats harmlessly', async () => {
  const made = async (): Promise<unknown> => ({
    migrations: await Promise.all(
      schemas.map((schema) => rows(`SELECT migration_name, finished_at FROM ${nameOf(schema)}._prisma_migrations`)),
    ),
    admins: await rows(`SELECT id, login_id, password_hash, role FROM ${nameOf('wallet')}.users`),
  });
  expect(await prepare()).toMatchObject({ code: 0 });
  const first = await made();
  expect(first).toMatchObject({ admins: [{ login_id: 'boss', role: 'ADMIN' }] });
  expect(await prepare({ ADMIN_PASSWORD: 'another long password' })).toMatchObject({ code: 0 });
  expect(await made()).toEqual(first);

  // Brokers make no topic by themselves, so what can be written to, to its last partition, was made by it.
  const { kafkaBrokers } = await infrastructure();
  const bus = openBus({ brokers: kafkaBrokers, clientId: 'own', topicPrefix: prefix, logger: createLogger('own', 'silent') });
  const payload = wallet.WalletCharged.fromPartial({});
  await bus.send(topics.map(({ name, partitions }) => ({ topic: name, key: 'k', id: newId(), payload, partition: partitions - 1 })));
  await bus.close();
});

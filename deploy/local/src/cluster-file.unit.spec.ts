import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cluster } from './cluster.ts';
import { readClusterFile, removeClusterFile, writeClusterFile } from './cluster-file.ts';
import { refOf } from './process-ref.ts';
import { writeWhole } from './run-record.ts';
import { secretsIn } from './secrets.ts';

const dir = mkdtempSync(join(tmpdir(), 'jumun-cluster-'));
afterAll(() => rmSync(dir, { recursive: true }));

const server = (pid: number) => ({ pid });
const cluster = {
  dir,
  portBase: 18_000,
  gatewayUrls: ['http://127.0.0.1:18000'],
  services: [{ name: 'wallet', pid: 11, internalUrl: 'http://127.0.0.1:18110' }],
  infra: {
    servers: { mysql: server(1), redis: server(2), kafka: server(3) },
    mysql: { host: '127.0.0.1', port: 18_050, rootUser: 'root', rootPassword: 'of-root' },
    redisUrl: 'redis://127.0.0.1:18051',
    kafkaBrokers: ['127.0.0.1:18052'],
  },
  secrets: secretsIn(dir),
  adminToken: 'token',
  seeded: {
    customers: [{ id: 'c1', loginId: 'minji', password: 'p', accessToken: 't' }],
    products: [{ id: 'p1', name: 'tea' }],
    couponEventId: 'e1',
  },
} as unknown as Cluster;

/** As the supervisor of this folder keeps it: this very process, or one that is gone. */
const record = (startedAt = refOf(process.pid)?.startedAt): void =>
  writeWhole(join(dir, 'processes.json'), { supervisor: { pid: process.pid, startedAt }, state: 'starting', startedAt: 'noon' });
beforeEach(() => record());

test('the file tells the way to everything, and only its owner may read it', () => {
  writeClusterFile(cluster);
  expect(statSync(join(dir, 'cluster.json')).mode & 0o777).toBe(0o600);
  expect(readClusterFile(dir)).toMatchObject({
    gatewayUrl: 'http://127.0.0.1:18000',
    admin: { loginId: 'admin', accessToken: 'token' },
    customers: [{ loginId: 'minji' }],
    products: [{ id: 'p1', name: 'tea' }],
    services: { wallet: { pid: 11, internalUrl: 'http://127.0.0.1:18110' } },
    mysql: { port: 18_050, user: 'auditor', schemas: ['wallet', 'catalog', 'coupon', 'orders'] },
    redis: { host: '127.0.0.1', port: 18_051 },
    kafka: { brokers: ['127.0.0.1:18052'] },
    jwtSigningKey: cluster.secrets.jwtSigningKey,
  });
});

test('root and its password are not in it', () => {
  writeClusterFile(cluster);
  expect(readFileSync(join(dir, 'cluster.json'), 'utf8')).not.toContain('of-root');
});

test('where no cluster runs, the reader is told so, also by a file that was left behind', () => {
  writeClusterFile(cluster);
  record('another time'); // the process that has the supervisor's id by now is not the supervisor
  expect(() => readClusterFile(dir)).toThrow(/No cluster is running .* started at noon is gone/);
  rmSync(join(dir, 'processes.json'));
  expect(() => readClusterFile(dir)).toThrow('No cluster is running in this checkout.');
});

test('where one is starting or stopping, the reader is told that it is', () => {
  removeClusterFile(dir);
  expect(() => readClusterFile(dir)).toThrow('The cluster of this checkout is starting.');
});

test('secrets are random for a folder and stay the same in it', () => {
  const again = secretsIn(dir);
  expect(again).toEqual(cluster.secrets);
  expect(secretsIn(join(dir, 'other')).jwtSigningKey).not.toBe(again.jwtSigningKey);
  expect(statSync(join(dir, 'secrets.json')).mode & 0o777).toBe(0o600);
});

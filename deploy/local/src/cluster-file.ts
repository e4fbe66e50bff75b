import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from './cluster.ts';
import { Failure } from './failure.ts';
import { isRunning } from './process-ref.ts';
import { readRecord, writeWhole } from './run-record.ts';
import { secretsIn } from './secrets.ts';
import { auditorUser, schemas } from './services.ts';

/**
 * What tests, load generators and tools need to find their way (api §9). It names what answers: the gateway's gRPC, the console and the fake
 * platform are in it once they are part of the cluster.
 */
export interface ClusterFile {
  gatewayUrl: string;
  gatewayUrls: string[];
  admin: { loginId: string; password: string; accessToken: string };
  customers: { id: string; loginId: string; password: string; accessToken: string }[];
  products: { id: string; name: string }[];
  couponEventId?: string;
  services: Record<string, { pid?: number; internalUrl: string }>;
  /** The read-only account: it sees every schema and changes none. */
  mysql: { host: string; port: number; user: string; password: string; schemas: string[]; pid?: number };
  redis: { host: string; port: number; pid?: number };
  kafka: { brokers: string[]; pid?: number };
  jwtSigningKey: string;
  jwtKeyId: string;
  webhookSecret: string;
}

const fileIn = (dir: string): string => join(dir, 'cluster.json');

export const describeCluster = (cluster: Cluster): ClusterFile => {
  const { infra, secrets, seeded, gatewayUrls } = cluster;
  const redis = new URL(infra.redisUrl);
  return {
    gatewayUrl: gatewayUrls[0] ?? '',
    gatewayUrls,
    admin: { ...secrets.admin, accessToken: cluster.adminToken },
    customers: seeded?.customers ?? [],
    products: seeded?.products ?? [],
    couponEventId: seeded?.couponEventId,
    services: Object.fromEntries(cluster.services.map(({ name, pid, internalUrl }) => [name, { pid, internalUrl }])),
    mysql: {
      host: infra.mysql.host,
      port: infra.mysql.port,
      user: auditorUser,
      password: secrets.databasePasswords[auditorUser] ?? '',
      schemas: [...schemas],
      pid: infra.servers.mysql.pid,
    },
    redis: { host: redis.hostname, port: Number(redis.port), pid: infra.servers.redis.pid },
    kafka: { brokers: infra.kafkaBrokers, pid: infra.servers.kafka.pid },
    jwtSigningKey: secrets.jwtSigningKey,
    jwtKeyId: secrets.jwtKeyId,
    webhookSecret: secrets.webhookSecret,
  };
};

/** Only this user may read it: keys and passwords are in it. */
export const writeClusterFile = (cluster: Cluster, write = writeWhole): void => write(fileIn(cluster.dir), describeCluster(cluster));

export const removeClusterFile = (dir: string): void => rmSync(fileIn(dir), { force: true });

/** The running cluster's file. A {@link Failure} when none runs: a supervisor that was killed leaves its file, whose ports may be somebody else's by now. */
export const readClusterFile = (dir: string): ClusterFile => {
  const record = readRecord(dir);
  if (record === undefined) throw new Failure('No cluster is running in this checkout.', 'Start one: npm start');
  if (!isRunning(record.supervisor))
    throw new Failure(
      `No cluster is running in this checkout: the supervisor of the one that was started at ${record.startedAt} is gone.`,
      'To end what it left, and to start anew: npm stop && npm start',
    );
  if (!existsSync(fileIn(dir))) throw new Failure(`The cluster of this checkout is ${record.state}.`, 'How far it is: npm run status');
  return JSON.parse(readFileSync(fileIn(dir), 'utf8')) as ClusterFile;
};

/** A service's own account on the running cluster's database, for those who bring data in bulk, as benches do. */
export const serviceDatabaseUrl = (dir: string, schema: string): string => {
  const { host, port } = readClusterFile(dir).mysql;
  return `mysql://${schema}:${secretsIn(dir).databasePasswords[schema]}@${host}:${port}/${schema}`;
};

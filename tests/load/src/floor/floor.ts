import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePorts, type InfraConnection, nodeBinary, serviceNodeFlags } from '@jumun/local';
import { openBus } from '@jumun/messaging';
import { createLogger, openDatabase } from '@jumun/service-kit';
import { requestsOf } from '../basket.ts';
import type { Request } from '../generator.ts';
import { type Counts, prepareFloor } from './schema.ts';
import { type FloorSetting, type Role, ROLES, TOPICS } from './setting.ts';

/** A floor that takes orders. */
export interface Floor {
  readonly gatewayUrl: string;
  readonly databaseUrl: string;
  readonly pids: Readonly<Record<Role, number>>;
  readonly request: () => Request;
  /** Never resolves; rejects when one of its processes ends before `close`. */
  readonly broken: Promise<never>;
  /** Ends its processes, and drops its schema. */
  close(): Promise<void>;
}

const READY_WITHIN_MS = 30_000;
/** Longer than any run. */
const RETENTION_MS = 3_600_000;

/** One of its processes. It ends when the pipe to this one does. */
const spawnRole = (role: Role, setting: FloorSetting): ChildProcess => {
  const { NODE_OPTIONS: _ours, ...inherited } = process.env; // a test runner's flags are not meant for it
  return fork(fileURLToPath(new URL('role.ts', import.meta.url)), [role], {
    execPath: nodeBinary,
    execArgv: [...serviceNodeFlags],
    env: { ...inherited, NODE_ENV: 'production', FLOOR: JSON.stringify(setting) },
  });
};

/** One partition each: Jumun too sends a batch to one, of four in turn. */
const createTopics = async ({ brokers, topicPrefix }: FloorSetting): Promise<void> => {
  const bus = openBus({ brokers, topicPrefix, clientId: 'floor', logger: createLogger('floor', 'warn') });
  await bus.createTopics(TOPICS.map((name) => ({ name, partitions: 1, retentionMs: RETENTION_MS, cleanup: 'delete' })));
  await bus.close();
};

const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill();
  await gone;
};

/** Starts the processes on servers that run, in a schema and topics of their own. */
export const openFloor = async (
  { mysql, kafkaBrokers }: Pick<InfraConnection, 'mysql' | 'kafkaBrokers'>,
  counts: Counts,
): Promise<Floor> => {
  const schema = `floor_${randomBytes(4).toString('hex')}`;
  const urlOf = (name: string): string =>
    `mysql://${mysql.rootUser}:${encodeURIComponent(mysql.rootPassword)}@${mysql.host}:${mysql.port}/${name}`;
  const server = openDatabase(urlOf('mysql'), { poolSizeMax: 1 });
  const databaseUrl = urlOf(schema);
  const children: ChildProcess[] = [];
  let closing = false;
  const { promise: broken, reject } = Promise.withResolvers<never>();
  broken.catch(() => {}); // whoever waits for something else races it

  const close = async (): Promise<void> => {
    closing = true;
    await Promise.all(children.map(end));
    await server.execute(`DROP DATABASE IF EXISTS ${schema}`);
    await server.close();
  };
  const startRole = async (role: Role, setting: FloorSetting): Promise<number> => {
    const child = spawnRole(role, setting);
    children.push(child);
    child.once('exit', (code) => {
      if (!closing) reject(new Error(`the floor's ${role} ended with exit code ${code}`));
    });
    await Promise.race([once(child, 'message', { signal: AbortSignal.timeout(READY_WITHIN_MS) }), broken]);
    return child.pid as number;
  };

  try {
    await server.execute(`CREATE DATABASE ${schema}`);
    const db = openDatabase(databaseUrl, { poolSizeMax: 1 });
    const shop = await prepareFloor(db, counts);
    await db.close();
    const free = await freePorts(ROLES.length);
    const ports = Object.fromEntries(ROLES.map((role, index) => [role, free[index]])) as FloorSetting['ports'];
    const jwtSigningKey = randomBytes(32).toString('base64url');
    const setting: FloorSetting = { databaseUrl, brokers: kafkaBrokers, topicPrefix: `${schema}.`, ports, jwtSigningKey };
    await createTopics(setting);
    const pids: Partial<Record<Role, number>> = {};
    for (const role of ROLES) pids[role] = await startRole(role, setting);
    return {
      gatewayUrl: `http://127.0.0.1:${ports.gateway}`,
      databaseUrl,
      pids: pids as Floor['pids'],
      request: requestsOf(shop, { jwtSigningKey, jwtKeyId: 'floor' }),
      broken,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePorts, type InfraConnection, nodeBinary, serviceNodeFlags } from '@jumun/local';
import { openDatabase } from '@jumun/service-kit';
import { requestsOf } from '../basket.ts';
import type { Request } from '../generator.ts';
import { createTopics } from './kafka.ts';
import { type Counts, prepareFloor } from './schema.ts';
import { type FloorSetting, type Role, ROLES } from './setting.ts';

/** A floor that takes orders. */
export interface Floor {
  readonly gatewayUrl: string;
  readonly databaseUrl: string;
  readonly pids: Readonly<Record<Role, number>>;
  readonly request: () => Request;
  /** Ends its processes, and drops its schema. */
  close(): Promise<void>;
}

/** One of its processes, ready. It ends when the pipe to this one does. */
const startRole = async (role: Role, setting: FloorSetting): Promise<ChildProcess> => {
  const child = fork(fileURLToPath(new URL('role.ts', import.meta.url)), [role], {
    execPath: nodeBinary,
    execArgv: [...serviceNodeFlags],
    env: { ...process.env, FLOOR: JSON.stringify(setting) },
  });
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the floor's ${role} ended with ${code}`)));
  await Promise.race([once(child, 'message'), ended]);
  return child;
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
  await server.execute(`CREATE DATABASE ${schema}`);
  const databaseUrl = urlOf(schema);
  const db = openDatabase(databaseUrl, { poolSizeMax: 1 });
  const shop = await prepareFloor(db, counts);
  await db.close();

  const free = await freePorts(ROLES.length);
  const ports = Object.fromEntries(ROLES.map((role, index) => [role, free[index]])) as FloorSetting['ports'];
  const jwtSigningKey = randomBytes(32).toString('base64url');
  const setting: FloorSetting = { databaseUrl, brokers: kafkaBrokers, topicPrefix: `${schema}.`, ports, jwtSigningKey };
  await createTopics(setting);
  const children: [Role, ChildProcess][] = [];
  for (const role of ROLES) children.push([role, await startRole(role, setting)]);
  return {
    gatewayUrl: `http://127.0.0.1:${ports.gateway}`,
    databaseUrl,
    pids: Object.fromEntries(children.map(([role, { pid }]) => [role, pid])) as Floor['pids'],
    request: requestsOf(shop, { jwtSigningKey, jwtKeyId: 'floor' }),
    close: async () => {
      await Promise.all(
        children.map(([, child]) => {
          const gone = once(child, 'exit');
          child.disconnect();
          return gone;
        }),
      );
      await server.execute(`DROP DATABASE ${schema}`);
      await server.close();
    },
  };
};

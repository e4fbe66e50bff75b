import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import type { ManagedProcess, Supervision } from '../managed-process.ts';
import { freePorts, isPortFree, whoListens } from '../ports.ts';
import { host, type Infrastructure, type InfraPorts } from './connection.ts';
import { nativeKafka } from './kafka.ts';
import { nativeMysql } from './mysql.ts';
import { nativeRedis } from './redis.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface NativeOptions {
  /** Data folders and logs lie in it. */
  dir: string;
  logDir?: string;
  /** Free ones are taken when none are given. */
  ports?: InfraPorts;
  supervision?: Supervision;
}

/** MySQL (or MariaDB), Redis and Kafka as child processes, started side by side; returns when all three answer. */
export const startNative = async ({
  dir,
  logDir = join(dir, 'logs'),
  ports,
  supervision = { restart: false },
}: NativeOptions): Promise<Infrastructure> => {
  const data = join(dir, 'data');
  const chosen = ports ?? (await choosePorts());
  for (const [name, port] of Object.entries(chosen)) {
    if (!(await isPortFree(port))) {
      throw new Failure(
        `Port ${port}, meant for ${name}, is taken by ${whoListens(port) ?? 'another process'}.`,
        'End that process, or choose other ports: npm start -- --port-base 19000',
      );
    }
  }
  const temporaryDir = temporaryFolder(data);
  const started: ManagedProcess[] = [];
  const up = async (server: ManagedProcess): Promise<ManagedProcess> => {
    started.push(server);
    await server.start();
    return server;
  };
  const outcomes = await Promise.allSettled([
    nativeMysql({ dir: data, logDir, port: chosen.mysql, temporaryDir }, supervision).then(async (made) => ({
      ...made,
      server: await up(made.server),
    })),
    nativeRedis({ dir: data, logDir, port: chosen.redis }, supervision).then(up),
    nativeKafka({ dir: data, logDir, port: chosen.kafka, controllerPort: chosen.kafkaController }, supervision).then(up),
  ]);
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((server) => server.stop()));
    rmSync(temporaryDir, { recursive: true, force: true });
  };
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  const [mysql, redis, kafka] = outcomes.map((outcome) => (outcome as PromiseFulfilledResult<never>).value) as unknown as [
    { server: ManagedProcess; rootUser: string; rootPassword: string },
    ManagedProcess,
    ManagedProcess,
  ];
  return {
    kind: 'native',
    servers: { mysql: mysql.server, redis, kafka },
    mysql: { host, port: chosen.mysql, rootUser: mysql.rootUser, rootPassword: mysql.rootPassword },
    redisUrl: `redis://${host}:${chosen.redis}`,
    kafkaBrokers: [`${host}:${chosen.kafka}`],
    stop,
  };
};

/** Ports for the three servers that nobody uses now. */
export const choosePorts = async (): Promise<InfraPorts> => {
  const [mysql, redis, kafka, kafkaController] = (await freePorts(4)) as [number, number, number, number];
  return { mysql, redis, kafka, kafkaController };
};

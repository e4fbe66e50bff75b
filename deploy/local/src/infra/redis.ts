import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import { ManagedProcess, type Supervision } from '../managed-process.ts';
import { findBinary } from './binaries.ts';
import { host } from './connection.ts';

/** Redis without persistence: it is a cache and a gate, and what it loses is rebuilt from MySQL. */
export const nativeRedis = async (
  { dir, port, logDir }: { dir: string; port: number; logDir: string },
  supervision: Supervision,
): Promise<ManagedProcess> => {
  const binary = findBinary('redis-server', 'valkey-server');
  if (binary === undefined) throw new Failure('There is no redis-server.', 'Run: npm run doctor');
  const folder = join(dir, 'redis');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const settings = { port, bind: host, dir: folder, save: '', appendonly: 'no', 'maxmemory-policy': 'noeviction', daemonize: 'no' };
  return new ManagedProcess(
    {
      name: 'redis',
      command: binary,
      args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
      logFile: join(logDir, 'redis.log'),
      isReady: () => answersPing(port),
      readyWithinMs: 15_000,
      stopGraceMs: 5_000,
    },
    supervision,
  );
};

export const answersPing = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host });
    const done = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(1000, () => done(false));
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (data) => done(data.toString().startsWith('+PONG')));
    socket.once('error', () => done(false));
    socket.once('close', () => done(false));
  });

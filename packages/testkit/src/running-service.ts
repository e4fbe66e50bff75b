import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import { freeAddress } from './free-port.ts';
import { infrastructure } from './infrastructure.ts';

/** On cores that other tests keep busy a start takes many times the second or two that it needs. */
const START_WITHIN_MS = 90_000;

/** A service as it is deployed, in a process of its own. */
export interface RunningService {
  readonly grpc: string;
  readonly internal: string;
  readonly pid: number;
  /** Arms a fault point: `kill`, `throw`, `stall <ms>`. */
  readonly arm: (point: string, fault: string) => void;
  /** Whether nobody has come by that fault point since it was armed. */
  readonly isArmed: (point: string) => boolean;
  /** Sends a signal and waits for nothing. */
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Sends a signal; answers how the process has ended. */
  readonly end: (signal?: NodeJS.Signals) => Promise<number | string | null>;
  /** Resolves when the process has ended, however. */
  readonly ended: Promise<number | string | null>;
  /** Everything it has printed. */
  readonly output: () => string;
}

export interface StartService {
  /** The built program: `dist/main.js`. */
  readonly program: string;
  /** What it needs beside Kafka, Redis and its addresses. */
  readonly env: NodeJS.ProcessEnv;
  /** An address that it had before; else a free one. */
  readonly grpc?: string;
  /** Whether to wait until it is ready, or only until it runs: after a kill its group is complete much later than its gRPC. */
  readonly until?: 'readyz' | 'livez';
}

const running = new Set<ChildProcess>();

/** Ends what a failed test has left running, stopped ones too. */
export const killLeftovers = (): void => {
  for (const child of running) {
    child.kill('SIGCONT');
    child.kill('SIGKILL');
  }
};

/** Starts a service over the servers of the test run, and waits until it is `until`. */
export const startService = async ({ program, env, grpc, until = 'readyz' }: StartService): Promise<RunningService> => {
  if (!existsSync(program)) throw new Error(`${program} is not there: npm run build`);
  const { kafkaBrokers, redisUrl } = await infrastructure();
  const address = grpc ?? (await freeAddress());
  const internal = await freeAddress();
  const faults = mkdtempSync(join(tmpdir(), 'jumun-faults-'));
  const child = spawn(process.execPath, ['--enable-source-maps', program], {
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      KAFKA_BROKERS: kafkaBrokers.join(','),
      REDIS_URL: redisUrl,
      CONSUMER_SESSION_MS: '6000', // the broker's least: after a kill the group waits so long for the lost member
      FAULT_POINTS_DIR: faults,
      GRPC_REFLECTION: 'on',
      ...env,
      GRPC_ADDRESS: address,
      INTERNAL_ADDRESS: internal,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  let exit: number | string | null | undefined;
  const ended = new Promise<number | string | null>((resolve) =>
    child.once('close', (code, signal) => {
      running.delete(child);
      rmSync(faults, { recursive: true, force: true });
      resolve((exit = code ?? signal));
    }),
  );
  const isThere = async (): Promise<boolean> => {
    if (exit !== undefined) return true;
    const answer = await fetch(`http://${internal}/${until}`);
    if (!answer.ok) throw new Error(`not ready: ${await answer.text()}\n${printed}`);
    return true;
  };
  await eventually(isThere, { withinMs: START_WITHIN_MS });
  if (exit !== undefined) throw new Error(`ended with ${exit} before it was ready\n${printed}`);
  return {
    grpc: address,
    internal,
    pid: child.pid ?? 0,
    ended,
    output: () => printed,
    arm: (point, fault) => writeFileSync(join(faults, point.replaceAll(':', '_')), fault),
    isArmed: (point) => existsSync(join(faults, point.replaceAll(':', '_'))),
    signal: (signal) => void child.kill(signal),
    end: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
  };
};

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '@jumun/testkit';

/** On a machine that does much else at once. */
const START_MS = 90_000;

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });

/** A service as it is deployed, in a process of its own. */
export interface Running {
  readonly grpc: string;
  readonly internal: string;
  readonly pid: number;
  /** Arms a fault point: `kill`, `throw`, `stall <ms>`. */
  readonly arm: (point: string, fault: string) => void;
  /** Sends a signal; answers when the process has ended. */
  readonly end: (signal?: NodeJS.Signals) => Promise<number | string | null>;
  readonly signal: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<number | string | null>;
  /** Everything it has printed. */
  readonly output: () => string;
}

const running = new Set<ChildProcess>();

/** Ends what a failed test has left behind. */
export const killLeftovers = (): void => {
  for (const child of running) {
    child.kill('SIGCONT');
    child.kill('SIGKILL');
  }
};

export interface Start {
  readonly service: string;
  readonly env: NodeJS.ProcessEnv;
  /** An address that it had before; else a free one. */
  readonly grpc?: string;
}

export const start = async ({ service, env, grpc = '' }: Start): Promise<Running> => {
  const address = grpc === '' ? `127.0.0.1:${await freePort()}` : grpc;
  const internal = `127.0.0.1:${await freePort()}`;
  const faults = mkdtempSync(join(tmpdir(), 'jumun-faults-'));
  const program = fileURLToPath(new URL(`../../${service}/dist/main.js`, import.meta.url));
  const child = spawn(process.execPath, ['--enable-source-maps', program], {
    env: {
      PATH: process.env['PATH'],
      LOG_LEVEL: 'info',
      // The broker's least: after a kill the group waits so long for the lost member.
      CONSUMER_SESSION_MS: '6000',
      FAULT_POINTS_DIR: faults,
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
  const isReady = async (): Promise<boolean> => {
    if (exit !== undefined) return true;
    const answer = await fetch(`http://${internal}/readyz`);
    if (!answer.ok) throw new Error(`${service} is not ready: ${await answer.text()}\n${printed}`);
    return true;
  };
  await eventually(isReady, { withinMs: START_MS });
  if (exit !== undefined) throw new Error(`${service} ended with ${exit}:\n${printed}`);
  return {
    grpc: address,
    internal,
    pid: child.pid ?? 0,
    ended,
    output: () => printed,
    arm: (point, fault) => writeFileSync(join(faults, point.replaceAll(':', '_')), fault),
    signal: (signal) => void child.kill(signal),
    end: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
  };
};

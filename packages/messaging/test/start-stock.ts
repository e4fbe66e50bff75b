import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { infrastructure } from '@jumun/testkit';
import type { Fixture } from './fixture.ts';

const program = fileURLToPath(new URL('./stock-process.ts', import.meta.url));

export interface Stock {
  /** Has it commit an event and send it. */
  readonly tell: (id: string) => void;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** How the process has ended. */
  readonly ended: Promise<number | string | null>;
  /** Whether the fault point that was armed has acted. */
  readonly wasHit: () => boolean;
}

const running = new Set<ChildProcess>();

/** Ends what is still running; each commits what it has done and leaves its group, so that the next one need not wait. */
export const endAll = async (): Promise<void> => {
  await Promise.all(
    [...running].map(async (child) => {
      const ended = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGTERM');
      child.kill('SIGCONT');
      await ended;
    }),
  );
};

/** Starts `stock-process.ts` over the fixture's topics and schema, one fault point armed before it begins; resolves when it is in its group. */
export const startStock = async ({ prefix, url }: Fixture, fault?: { point: string; act: string }): Promise<Stock> => {
  const { kafkaBrokers } = await infrastructure();
  const faults = mkdtempSync(join(tmpdir(), 'jumun-faults-'));
  const armed = join(faults, (fault?.point ?? 'none').replaceAll(':', '_'));
  if (fault !== undefined) writeFileSync(armed, fault.act);
  const child = fork(program, [], {
    execArgv: ['--no-warnings'],
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      KAFKA_BROKERS: kafkaBrokers.join(','),
      DATABASE_URL: url,
      TOPIC_PREFIX: prefix,
      FAULT_POINTS_DIR: faults,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  running.add(child);
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const ended = new Promise<number | string | null>((resolve) =>
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve(code ?? signal);
    }),
  );
  const ready = new Promise<string>((resolve) => child.once('message', () => resolve('ready')));
  const first = await Promise.race([ready, ended.then(String)]);
  if (first !== 'ready') throw new Error(`ended with ${first}:\n${printed}`);
  return {
    tell: (id) => void child.send(id),
    signal: (signal) => void child.kill(signal),
    ended,
    wasHit: () => !existsSync(armed),
  };
};

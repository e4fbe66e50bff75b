import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually, infrastructure } from '@jumun/testkit';

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

/** On cores that other tests keep busy a start takes many times the second or two that it needs. */
const START_WITHIN_MS = 60_000;

/** The service as it is deployed, in a process of its own. */
export interface RunningService {
  readonly grpc: string;
  readonly internal: string;
  /** Arms a fault point: `kill`, `throw`, `stall <ms>`. */
  readonly arm: (point: string, fault: string) => void;
  /** SIGTERM, then its exit code. */
  readonly stop: () => Promise<number | string | null>;
  /** Resolves when the process has ended, however. */
  readonly ended: Promise<number | string | null>;
  /** Everything it has printed. */
  readonly output: () => string;
}

const started = new Set<ChildProcess>();

/** Ends what a failed test has left running. */
export const killLeftovers = (): void => {
  for (const child of started) child.kill('SIGKILL');
};

/** Waits until it is ready, or, with `until: 'livez'`, only until it runs: after a kill its group is complete much later than its gRPC. */
export const startService = async (
  { url, topicPrefix }: { url: string; topicPrefix: string },
  { until = 'readyz' }: { until?: 'readyz' | 'livez' } = {},
): Promise<RunningService> => {
  const { kafkaBrokers, redisUrl } = await infrastructure();
  const grpc = `127.0.0.1:${await freePort()}`;
  const internal = `127.0.0.1:${await freePort()}`;
  const faults = mkdtempSync(join(tmpdir(), 'jumun-faults-'));
  const child = spawn(process.execPath, ['--enable-source-maps', program], {
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: url,
      KAFKA_BROKERS: kafkaBrokers.join(','),
      REDIS_URL: redisUrl,
      GRPC_ADDRESS: grpc,
      INTERNAL_ADDRESS: internal,
      TOPIC_PREFIX: topicPrefix,
      CONSUMER_SESSION_MS: '6000', // the broker's least: after a kill the group waits so long for the lost member
      FAULT_POINTS_DIR: faults,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.add(child);
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const ended = new Promise<number | string | null>((resolve) =>
    child.once('close', (code, signal) => {
      started.delete(child);
      rmSync(faults, { recursive: true, force: true });
      resolve(code ?? signal);
    }),
  );
  let exited = false;
  void ended.then(() => (exited = true));
  const refusal = await eventually(
    async () => {
      if (exited) return `ended before it was ready\n${printed}`;
      const answer = await fetch(`http://${internal}/${until}`);
      if (!answer.ok) throw new Error(`not ready: ${await answer.text()}\n${printed}`);
      return 'none';
    },
    { withinMs: START_WITHIN_MS },
  );
  if (refusal !== 'none') throw new Error(refusal);
  return {
    grpc,
    internal,
    ended,
    output: () => printed,
    arm: (point, fault) => writeFileSync(join(faults, point.replaceAll(':', '_')), fault),
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
};

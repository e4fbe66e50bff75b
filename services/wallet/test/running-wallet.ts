import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { wallet } from '@jumun/protos';
import { type GrpcClient, grpcClient } from '@jumun/service-kit';
import { eventually, infrastructure } from '@jumun/testkit';
import type { Purse } from './purse.ts';

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const START_MS = 90_000; // on a machine that is busy with other tests

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

/** The service as a process of its own, as built, over the purse's schema and topics. */
export interface RunningWallet {
  readonly client: GrpcClient<typeof wallet.WalletServiceService>;
  readonly internalUrl: string;
  /** Arms a fault point of the process: `kill`, `throw`, `stall <ms>`. */
  arm(point: string, act: string): void;
  /** Waits until it is ready for everything. */
  ready(): Promise<void>;
  /** Starts it anew once it has died, and waits until it answers calls; debits follow when the group has noticed the death. */
  answersAgain(): Promise<void>;
  /** How the process ended when it was told to. */
  stop(): Promise<number | NodeJS.Signals | null>;
}

export const runWallet = async ({ url, topicPrefix }: Purse, env: Record<string, string> = {}): Promise<RunningWallet> => {
  if (!existsSync(program)) throw new Error('services/wallet is not built: npm run build');
  const { kafkaBrokers, redisUrl } = await infrastructure();
  const [grpc, internal] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const faultsDir = mkdtempSync(join(tmpdir(), 'wallet-faults-'));
  let child: ChildProcess;
  let log = '';
  let ended: Promise<number | NodeJS.Signals | null>;
  const start = (): void => {
    child = spawn(process.execPath, ['--enable-source-maps', program], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        DATABASE_URL: url,
        KAFKA_BROKERS: kafkaBrokers.join(','),
        REDIS_URL: redisUrl,
        GRPC_ADDRESS: grpc,
        INTERNAL_ADDRESS: internal,
        TOPIC_PREFIX: topicPrefix,
        FAULT_POINTS_DIR: faultsDir,
        ...env,
      },
    });
    ended = new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)));
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-4_000)));
  };
  const client = grpcClient(wallet.WalletServiceClient, grpc, { deadlineMs: 5_000 });
  const until = async (what: string, holds: () => Promise<boolean> | boolean): Promise<void> => {
    const check = async (): Promise<boolean> => {
      if (!(await holds())) throw new Error(`the wallet is not ${what}: ${missing} ${log}`);
      return true;
    };
    await eventually(check, { withinMs: START_MS });
  };
  let missing = '';
  const isReady = async (): Promise<boolean> => {
    const answer = await fetch(`http://${internal}/readyz`).catch(() => undefined);
    missing = (await answer?.text()) ?? 'nobody listens';
    return (answer?.ok ?? false) && client.connected();
  };
  const hasDied = (): boolean => child.exitCode !== null || child.signalCode !== null;
  start();
  return {
    client,
    internalUrl: `http://${internal}`,
    arm: (point, act) => writeFileSync(join(faultsDir, point.replaceAll(':', '_')), act),
    ready: () => until('ready', isReady),
    answersAgain: async () => {
      await until('dead', hasDied);
      start();
      await until('answering', () =>
        client.getWallet({ userId: '' }, { deadlineMs: 2_000 }).then(
          () => true,
          () => false,
        ),
      );
    },
    stop: async () => {
      client.close();
      child.kill('SIGTERM');
      const how = await ended;
      rmSync(faultsDir, { recursive: true, force: true });
      return how;
    },
  };
};

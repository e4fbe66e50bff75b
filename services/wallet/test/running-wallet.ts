import { fileURLToPath } from 'node:url';
import { wallet } from '@jumun/protos';
import { type GrpcClient, grpcClient } from '@jumun/service-kit';
import { eventually, freeAddress, startService } from '@jumun/testkit';
import type { Purse } from './purse.ts';

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** The service as a process of its own, as built, over the purse's schema and topics. */
export interface RunningWallet {
  readonly client: GrpcClient<typeof wallet.WalletServiceService>;
  readonly grpc: string;
  readonly internalUrl: () => string;
  /** Arms a fault point of the process: `kill`, `throw`, `stall <ms>`. */
  arm(point: string, act: string): void;
  /** Starts it anew once it has died, and waits until it answers calls; debits follow when the group has noticed the death. */
  answersAgain(): Promise<void>;
  /** How the process ended when it was told to. */
  stop(): Promise<number | string | null>;
}

/** Starts it and waits until it is ready for everything. */
export const runWallet = async ({ url, topicPrefix }: Purse): Promise<RunningWallet> => {
  const grpc = await freeAddress();
  const start = (until: 'readyz' | 'livez') =>
    startService({ program, env: { DATABASE_URL: url, TOPIC_PREFIX: topicPrefix }, grpc, until });
  let service = await start('readyz');
  const client = grpcClient(wallet.WalletServiceClient, grpc, { deadlineMs: 20_000 });
  const answers = (): Promise<unknown> => eventually(() => client.getWallet({ userId: '' }, { deadlineMs: 2_000 }), { withinMs: 90_000 });
  await answers();
  return {
    client,
    grpc,
    internalUrl: () => `http://${service.internal}`,
    arm: (point, act) => service.arm(point, act),
    answersAgain: async () => {
      await service.ended;
      service = await start('livez');
      await answers();
    },
    stop: () => {
      client.close();
      return service.end();
    },
  };
};

import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { openBus } from '@jumun/messaging';
import { topics } from '@jumun/protos';
import { createLogger } from '@jumun/service-kit';
import { eventually, type FreshDatabase, freshDatabase, freshPrefix, infrastructure } from '@jumun/testkit';
import type { Gateway } from '../src/gateway.ts';
import { openTestGateway } from './gateway.ts';

const root = join(import.meta.dirname, '../../..');

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });

export interface Instance {
  readonly grpc: string;
  readonly process: ChildProcess;
  /** Resolves when it takes work. */
  readonly ready: Promise<unknown>;
}

/** The services behind the gateway, each in a process of its own, and a gateway before them in this one. */
export interface Shop {
  readonly gateway: Gateway;
  readonly databases: Readonly<Record<'wallet' | 'catalog' | 'coupon' | 'orders', FreshDatabase>>;
  readonly wallet: Instance;
  readonly orchestrators: readonly Instance[];
  /** Starts the wallet service where it was. */
  restartWallet(): Promise<void>;
  close(): Promise<void>;
}

const start = async (service: string, env: NodeJS.ProcessEnv, grpc?: string): Promise<Instance> => {
  const address = grpc ?? `127.0.0.1:${await freePort()}`;
  const internal = `127.0.0.1:${await freePort()}`;
  const child = spawn(process.execPath, ['--enable-source-maps', join(root, 'services', service, 'dist/main.js')], {
    env: {
      PATH: process.env['PATH'],
      LOG_LEVEL: 'warn',
      CONSUMER_SESSION_MS: '6000',
      ...env,
      GRPC_ADDRESS: address,
      INTERNAL_ADDRESS: internal,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const ready = eventually(
    async () => {
      const answer = await fetch(`http://${internal}/readyz`).then(
        (response) => response.text(),
        (error: Error) => error.message,
      );
      if (!answer.includes('"ready":true')) throw new Error(`${service} (exit code ${child.exitCode}) is not ready: ${answer}\n${printed}`);
      return true;
    },
    { withinMs: 90_000 },
  );
  return { grpc: address, process: child, ready };
};

export const openShop = async ({
  orchestrators: count = 1,
  env = {},
}: { orchestrators?: number; env?: NodeJS.ProcessEnv } = {}): Promise<Shop> => {
  const { kafkaBrokers, redisUrl } = await infrastructure();
  const prefix = freshPrefix();
  const bus = openBus({ brokers: kafkaBrokers, clientId: 'gateway-test', topicPrefix: prefix, logger: createLogger('test', 'silent') });
  await bus.createTopics(topics);
  await bus.close();
  const migrations = (service: string): Promise<FreshDatabase> => freshDatabase(join(root, 'services', service, 'prisma/migrations'));
  const databases = {
    wallet: await migrations('wallet'),
    catalog: await migrations('catalog-inventory'),
    coupon: await migrations('coupon'),
    orders: await migrations('order-orchestrator'),
  };
  const shared = { KAFKA_BROKERS: kafkaBrokers.join(','), REDIS_URL: redisUrl, TOPIC_PREFIX: prefix };
  const startWallet = (grpc?: string): Promise<Instance> => start('wallet', { ...shared, DATABASE_URL: databases.wallet.url }, grpc);
  const wallet = await startWallet();
  const catalog = await start('catalog-inventory', { ...shared, DATABASE_URL: databases.catalog.url });
  const coupon = await start('coupon', { ...shared, DATABASE_URL: databases.coupon.url });
  const upstreams = { WALLET_GRPC: wallet.grpc, CATALOG_GRPC: catalog.grpc, COUPON_GRPC: coupon.grpc };
  const orchestrators = await Promise.all(
    Array.from({ length: count }, () =>
      start('order-orchestrator', {
        ...shared,
        ...upstreams,
        DATABASE_URL: databases.orders.url,
        SAGA_IDLE_MS: '2000',
        SWEEP_INTERVAL_MS: '500',
      }),
    ),
  );
  const instances = [wallet, catalog, coupon, ...orchestrators];
  const kill = (): void => instances.forEach(({ process: child }) => void child.kill('SIGKILL'));
  try {
    await Promise.all(instances.map(({ ready }) => ready));
    const gateway = await openTestGateway({ ...upstreams, ORDERS_GRPC: orchestrators.map(({ grpc }) => grpc).join(','), ...env });
    await eventually(() => gateway.reachedAll());
    return {
      gateway,
      databases,
      wallet,
      orchestrators,
      restartWallet: async () => {
        const again = await startWallet(wallet.grpc);
        instances.push(again);
        await again.ready;
      },
      close: async () => {
        await gateway.stop(1_000);
        kill();
        for (const database of Object.values(databases)) await database.drop();
      },
    };
  } catch (error) {
    kill();
    throw error;
  }
};

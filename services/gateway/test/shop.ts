import { join } from 'node:path';
import { openBus } from '@jumun/messaging';
import { topics } from '@jumun/protos';
import { createLogger } from '@jumun/service-kit';
import {
  eventually,
  freeAddress,
  type FreshDatabase,
  freshDatabase,
  freshPrefix,
  infrastructure,
  killLeftovers,
  type RunningService,
  startService,
} from '@jumun/testkit';
import type { Gateway } from '../src/gateway.ts';
import { openTestGateway } from './gateway.ts';

const root = join(import.meta.dirname, '../../..');

/** The services behind the gateway, each in a process of its own, and a gateway before them in this one. */
export interface Shop {
  readonly gateway: Gateway;
  readonly databases: Readonly<Record<'wallet' | 'catalog' | 'coupon' | 'orders', FreshDatabase>>;
  readonly wallet: RunningService;
  readonly orchestrators: readonly RunningService[];
  /** Starts the wallet service where it was. */
  restartWallet(): Promise<void>;
  close(): Promise<void>;
}

const programOf = (service: string): string => join(root, 'services', service, 'dist/main.js');

export const openShop = async ({
  orchestrators: count = 1,
  env = {},
}: { orchestrators?: number; env?: NodeJS.ProcessEnv } = {}): Promise<Shop> => {
  const { kafkaBrokers } = await infrastructure();
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
  const addresses = { wallet: await freeAddress(), catalog: await freeAddress(), coupon: await freeAddress() };
  const upstreams = { WALLET_GRPC: addresses.wallet, CATALOG_GRPC: addresses.catalog, COUPON_GRPC: addresses.coupon };
  const start = (service: string, of: keyof typeof databases, more: NodeJS.ProcessEnv, grpc?: string): Promise<RunningService> =>
    startService({
      program: programOf(service),
      env: { LOG_LEVEL: 'warn', TOPIC_PREFIX: prefix, DATABASE_URL: databases[of].url, ...more },
      grpc,
    });
  const startWallet = (): Promise<RunningService> => start('wallet', 'wallet', {}, addresses.wallet);
  const startOrchestrator = (): Promise<RunningService> =>
    start('order-orchestrator', 'orders', { ...upstreams, SAGA_IDLE_MS: '2000', SWEEP_INTERVAL_MS: '500' });
  try {
    const [wallet, , , ...orchestrators] = await Promise.all([
      startWallet(),
      start('catalog-inventory', 'catalog', {}, addresses.catalog),
      start('coupon', 'coupon', {}, addresses.coupon),
      ...Array.from({ length: count }, startOrchestrator),
    ]);
    const gateway = await openTestGateway({ ...upstreams, ORDERS_GRPC: orchestrators.map(({ grpc }) => grpc).join(','), ...env });
    await eventually(() => gateway.reachedAll());
    return {
      gateway,
      databases,
      wallet,
      orchestrators,
      restartWallet: async () => void (await startWallet()),
      close: async () => {
        await gateway.stop(1_000);
        killLeftovers();
        for (const database of Object.values(databases)) await database.drop();
      },
    };
  } catch (error) {
    killLeftovers();
    throw error;
  }
};

import { fileURLToPath } from 'node:url';
import { type Bus, openBus } from '@jumun/messaging';
import { catalog, coupon, orders, topics, wallet } from '@jumun/protos';
import { createLogger, type Database, grpcClient, type GrpcClient, newId } from '@jumun/service-kit';
import {
  freeAddress,
  type FreshDatabase,
  freshDatabase,
  freshPrefix,
  infrastructure,
  killLeftovers,
  type RunningService,
  startService,
  eventually,
} from '@jumun/testkit';

const SERVICES = ['wallet', 'catalog-inventory', 'coupon', 'order-orchestrator'] as const;
type Service = (typeof SERVICES)[number];
const migrationsOf = (service: Service): string => fileURLToPath(new URL(`../../${service}/prisma/migrations`, import.meta.url));
const programOf = (service: Service): string => fileURLToPath(new URL(`../../${service}/dist/main.js`, import.meta.url));
/** Passwords are hashed on the way; on a busy machine that takes its time. */
const PATIENT = { deadlineMs: 20_000 };

/** The real participants, each in a process of its own, and whatever orchestrators a test starts. */
export interface Suite {
  /** The orchestrator's own schema. */
  readonly db: Database;
  readonly bus: Bus;
  readonly participants: Readonly<Record<Exclude<Service, 'order-orchestrator'>, RunningService>>;
  startOrchestrator(env?: NodeJS.ProcessEnv, grpc?: string): Promise<RunningService>;
  /** Starts a participant where it was. */
  restart(service: Exclude<Service, 'order-orchestrator'>): Promise<void>;
  ordersOf(address: string): GrpcClient<typeof orders.OrderServiceService>;
  newBuyer(won: number): Promise<string>;
  newProduct(price: number, stock: number): Promise<string>;
  newCoupons(buyers: readonly string[], discount?: Partial<coupon.Discount>): Promise<string[]>;
  balanceOf(userId: string): Promise<number>;
  stockOf(productId: string): Promise<number>;
  couponOf(userId: string): Promise<coupon.Coupon | undefined>;
  close(): Promise<void>;
}

const key = () => ({ caller: newId(), route: 'POST /test', key: newId(), fingerprint: '0'.repeat(64) });
const made = <T>(value: T | undefined, what: string): T => {
  if (value === undefined) throw new Error(`there is no ${what}`);
  return value;
};

export const openSuite = async (): Promise<Suite> => {
  const { kafkaBrokers } = await infrastructure();
  const prefix = freshPrefix();
  const logger = createLogger('suite', 'silent');
  const bus = openBus({ brokers: kafkaBrokers, clientId: 'suite', topicPrefix: prefix, logger });
  await bus.createTopics(topics);
  const databases = Object.fromEntries(
    await Promise.all(SERVICES.map(async (service) => [service, await freshDatabase(migrationsOf(service))] as const)),
  ) as Record<Service, FreshDatabase>;
  const addresses = { wallet: await freeAddress(), 'catalog-inventory': await freeAddress(), coupon: await freeAddress() };

  const envOf = (service: Service): NodeJS.ProcessEnv => ({
    LOG_LEVEL: 'info',
    DATABASE_URL: databases[service].url,
    TOPIC_PREFIX: prefix,
    WALLET_GRPC: addresses.wallet,
    CATALOG_GRPC: addresses['catalog-inventory'],
    COUPON_GRPC: addresses.coupon,
  });
  const participant = (service: keyof typeof addresses): Promise<RunningService> =>
    startService({ program: programOf(service), env: envOf(service), grpc: addresses[service] });
  const [wallets, inventory, coupons] = await Promise.all([participant('wallet'), participant('catalog-inventory'), participant('coupon')]);
  const participants: Record<keyof typeof addresses, RunningService> = { wallet: wallets, 'catalog-inventory': inventory, coupon: coupons };

  const clients = {
    wallet: grpcClient(wallet.WalletServiceClient, addresses.wallet, PATIENT),
    catalog: grpcClient(catalog.CatalogServiceClient, addresses['catalog-inventory'], PATIENT),
    coupon: grpcClient(coupon.CouponServiceClient, addresses.coupon, PATIENT),
  };
  const orchestratorClients: GrpcClient<typeof orders.OrderServiceService>[] = [];

  return {
    db: databases['order-orchestrator'].db,
    bus,
    participants,
    startOrchestrator: (env = {}, grpc) =>
      startService({
        program: programOf('order-orchestrator'),
        env: { ...envOf('order-orchestrator'), SAGA_IDLE_MS: '1000', SWEEP_INTERVAL_MS: '200', ...env },
        grpc,
      }),
    restart: async (service) => {
      participants[service] = await participant(service);
    },
    ordersOf: (grpc) => {
      const client = grpcClient(orders.OrderServiceClient, grpc, PATIENT);
      orchestratorClients.push(client);
      return client;
    },
    newBuyer: async (won) => {
      const { outcome } = await clients.wallet.createUser({ loginId: newId(), name: 'Buyer', password: 'a password' });
      const userId = made(outcome?.$case === 'created' ? outcome.created.id : undefined, 'buyer');
      for (let left = won; left > 0; left -= 1_000_000)
        await clients.wallet.chargeWallet({
          idempotency: wallet.ChargeWalletRequest.fromPartial({ idempotency: key() }).idempotency,
          userId,
          amount: Math.min(left, 1_000_000),
        });
      return userId;
    },
    newProduct: async (price, stock) => {
      const request = {
        idempotency: key(),
        name: 'Tea',
        price,
        status: catalog.ProductStatus.ON_SALE,
        options: [{ name: 'Default', stock }],
      };
      const { outcome } = await clients.catalog.createProduct(catalog.CreateProductRequest.fromPartial(request));
      return made(outcome?.$case === 'created' ? outcome.created.id : undefined, 'product');
    },
    newCoupons: async (buyers, discount = {}) => {
      const now = Date.now();
      const { outcome } = await clients.coupon.createCouponEvent(
        coupon.CreateCouponEventRequest.fromPartial({
          idempotency: key(),
          name: 'Opening',
          discount: { type: coupon.DiscountType.PERCENT, value: 10, ...discount },
          totalQuantity: buyers.length,
          opensAt: new Date(now - 60_000),
          closesAt: new Date(now + 600_000),
          couponValidUntil: new Date(now + 3_600_000),
        }),
      );
      const eventId = made(outcome?.$case === 'created' ? outcome.created.id : undefined, 'coupon event');
      const issued = buyers.map(async (userId) => {
        const answer = await clients.coupon.issueCoupon(coupon.IssueCouponRequest.fromPartial({ idempotency: key(), eventId, userId }));
        return made(answer.outcome?.$case === 'issued' ? answer.outcome.issued.id : undefined, 'coupon');
      });
      return Promise.all(issued);
    },
    // A wallet that has just come back is called before the client has noticed.
    balanceOf: async (userId) => (await eventually(() => clients.wallet.getWallet({ userId }))).balance,
    stockOf: async (productId) => made((await clients.catalog.getProduct({ productId, includePreparing: false })).product, 'product').stock,
    couponOf: async (userId) => {
      const { outcome } = await clients.coupon.listCoupons(coupon.ListCouponsRequest.fromPartial({ userId, limit: 1 }));
      return outcome?.$case === 'page' ? outcome.page.items[0] : undefined;
    },
    close: async () => {
      for (const client of [...Object.values(clients), ...orchestratorClients]) client.close();
      killLeftovers();
      await bus.close();
      await Promise.all(Object.values(databases).map((each) => each.drop()));
    },
  };
};

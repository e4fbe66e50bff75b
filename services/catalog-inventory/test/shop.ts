import { fileURLToPath } from 'node:url';
import { type Bus, openBus, openOutbox, type Outbox } from '@jumun/messaging';
import { catalog, topics } from '@jumun/protos';
import { createLogger, type Database, newId, prismaAdapter } from '@jumun/service-kit';
import { freshDatabase, freshPrefix, infrastructure, type RunningService, startService, type StartService } from '@jumun/testkit';
import { PrismaClient } from '../src/generated/prisma/client.ts';
import { createProduct } from '../src/products/create-product.ts';

export const migrations = fileURLToPath(new URL('../prisma/migrations', import.meta.url));
const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));
export const logger = createLogger('catalog-inventory', 'silent');

/** A catalog of its own: schema, topics and what the service opens over them. */
export interface Shop {
  readonly url: string;
  readonly db: Database;
  readonly prisma: PrismaClient;
  readonly bus: Bus;
  readonly outbox: Outbox;
  readonly topicPrefix: string;
  readonly close: () => Promise<void>;
}

export const openShop = async (): Promise<Shop> => {
  const fresh = await freshDatabase(migrations);
  const { url, db } = fresh;
  const { kafkaBrokers } = await infrastructure();
  const topicPrefix = freshPrefix();
  const bus = openBus({ brokers: kafkaBrokers, clientId: 'catalog-inventory', topicPrefix, logger });
  await bus.createTopics(topics.filter(({ name }) => /inventory|replies/.test(name)));
  const outbox = openOutbox({ db, bus, logger });
  const prisma = new PrismaClient({ adapter: prismaAdapter(db) });
  return {
    url,
    db,
    prisma,
    bus,
    outbox,
    topicPrefix,
    close: async () => {
      await outbox.stop();
      await bus.close();
      await prisma.$disconnect();
      await fresh.drop();
    },
  };
};

/** The built service over the shop's schema and topics. */
export const startCatalog = ({ url, topicPrefix }: Shop, more: Pick<StartService, 'until'> = {}): Promise<RunningService> =>
  startService({ program, env: { DATABASE_URL: url, TOPIC_PREFIX: topicPrefix }, ...more });

/** Without a key unless one is given. */
export const keyed = (key = '', fingerprint = 'f'.repeat(64), caller = '00000000-0000-7000-8000-00000000ad31') => ({
  caller,
  route: 'POST /v1/admin/test',
  key,
  fingerprint,
});

type NewProduct = Omit<Partial<catalog.CreateProductRequest>, 'options' | '$type'> & { options?: Partial<catalog.NewOption>[] };

export const newProduct = (given: NewProduct = {}): catalog.CreateProductRequest =>
  catalog.CreateProductRequest.fromPartial({
    idempotency: keyed(),
    name: `Product ${newId()}`,
    price: 1_000,
    status: catalog.ProductStatus.ON_SALE,
    options: [{ name: 'Default', stock: 10 }],
    ...given,
  } as catalog.CreateProductRequest);

/** Puts a product into the catalog and answers it. */
export const put = async ({ db }: Pick<Shop, 'db'>, given: NewProduct = {}): Promise<catalog.Product> => {
  const outcome = await createProduct(db, newProduct(given));
  if ('refused' in outcome) throw new Error(`refused: ${outcome.refused.kind?.$case}`);
  return outcome.effect;
};

/** Options whose rows contradict each other: what came in, what is held and what was sold, on hand after each movement. */
export const brokenBooks = ({ db }: Pick<Shop, 'db'>): Promise<unknown[]> =>
  db.query(`
    SELECT s.option_id AS optionId, s.available, s.reserved, s.sold, m.onHand, m.broughtIn, m.sold AS movedOut, m.lastOnHand, r.held
      FROM stock s
      LEFT JOIN (SELECT option_id, SUM(delta) AS onHand, SUM(IF(type = 'SALE', 0, delta)) AS broughtIn, -SUM(IF(type = 'SALE', delta, 0)) AS sold,
                        CAST(SUBSTRING_INDEX(GROUP_CONCAT(on_hand_after ORDER BY id DESC), ',', 1) AS SIGNED) AS lastOnHand
                   FROM stock_movements GROUP BY option_id) m ON m.option_id = s.option_id
      LEFT JOIN (SELECT option_id, SUM(quantity) AS held FROM reservations WHERE status = 'RESERVED' GROUP BY option_id) r ON r.option_id = s.option_id
     WHERE s.available + s.reserved <> m.onHand OR s.available + s.reserved <> m.lastOnHand OR s.available + s.reserved + s.sold <> m.broughtIn
        OR s.sold <> m.sold OR s.reserved <> COALESCE(r.held, 0)`);

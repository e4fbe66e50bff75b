import { freshDatabase, type FreshDatabase } from '@jumun/testkit';
import type { Books, Schema } from './books.ts';

/** Ids that can be read in a failure: `00000000-0000-7000-8000-0000000000a1`. */
export const id = (name: string): string => `00000000-0000-7000-8000-${name.padStart(12, '0')}`;

export const USER = id('a1');
export const PAID = id('b1'); // a completed order of 2 units, paid 1,900 of 2,000 with a coupon
export const FAILED = id('b2'); // an order cancelled by its saga, its reservation released
export const OPTION = id('c1');
export const EVENT = id('d1');
export const COUPON = id('d2');

const migrationsOf = (service: string): string => new URL(`../../${service}/prisma/migrations`, import.meta.url).pathname;

const WALLET = [
  `INSERT INTO users (id, login_id, name, password_hash, role) VALUES ('${USER}', 'kim', 'Kim', '-', 'CUSTOMER')`,
  `INSERT INTO wallets (user_id, balance, version) VALUES ('${USER}', 8100, 2)`,
  `INSERT INTO ledger (id, user_id, version, type, amount, balance_after, cause_id, order_id) VALUES
     ('${id('e1')}', '${USER}', 1, 'CHARGE', 10000, 10000, '${id('e1')}', NULL),
     ('${id('e2')}', '${USER}', 2, 'PAYMENT', -1900, 8100, '${PAID}', '${PAID}')`,
  `INSERT INTO idempotency (caller, route, idempotency_key, fingerprint, effect_id, answer) VALUES ('${USER}', 'POST /v1/wallet/charges', 'k', REPEAT('0', 64), '${id('e1')}', '{}')`,
  `INSERT INTO inbox (id, claim, fingerprint, reply_type, reply) VALUES ('${PAID}/pay/1', '${id('f1')}', REPEAT('0', 64), 'jumun.wallet.v1.WalletDebited', '{}')`,
  `INSERT INTO outbox (id, topic, message_key, type, payload, sent_at) VALUES ('${id('f2')}', 't', 'k', 'x', '{}', UTC_TIMESTAMP(3))`,
];

const CATALOG = [
  `INSERT INTO products (id, name, price, status) VALUES ('${id('c0')}', 'Mouse', 1000, 'ON_SALE')`,
  `INSERT INTO product_options (id, product_id, position, name) VALUES ('${OPTION}', '${id('c0')}', 0, 'Default')`,
  `INSERT INTO stock (option_id, product_id, available, reserved, sold, version) VALUES ('${OPTION}', '${id('c0')}', 13, 0, 2, 4)`,
  `INSERT INTO reservations (order_id, option_id, quantity, status) VALUES ('${PAID}', '${OPTION}', 2, 'COMMITTED'), ('${FAILED}', '${OPTION}', 1, 'RELEASED')`,
  `INSERT INTO stock_movements (option_id, type, delta, on_hand_after, cause_id, order_id) VALUES
     ('${OPTION}', 'INITIAL', 10, 10, '${OPTION}', NULL), ('${OPTION}', 'ADJUSTMENT', 5, 15, '${id('c9')}', NULL), ('${OPTION}', 'SALE', -2, 13, '${PAID}', '${PAID}')`,
  `INSERT INTO idempotency (caller, route, idempotency_key, fingerprint, effect_id, answer) VALUES ('${USER}', 'POST /v1/admin/products', 'k', REPEAT('0', 64), '${id('c0')}', '{}')`,
  `INSERT INTO inbox (id, claim, fingerprint, reply_type, reply) VALUES
     ('${PAID}/reserve.stock/1', '${id('f1')}', REPEAT('0', 64), 'jumun.inventory.v1.StockReserved', '{}'),
     ('${PAID}/commit.stock/1', '${id('f1')}', REPEAT('0', 64), 'jumun.inventory.v1.StockCommitted', '{}'),
     ('${FAILED}/reserve.stock/1', '${id('f1')}', REPEAT('0', 64), 'jumun.inventory.v1.StockReserved', '{}'),
     ('${FAILED}/reserve.stock.undo/1', '${id('f1')}', REPEAT('0', 64), 'jumun.inventory.v1.StockReleased', '{}')`,
  `INSERT INTO outbox (id, topic, message_key, type, payload, sent_at) VALUES ('${id('f2')}', 't', 'k', 'x', '{}', UTC_TIMESTAMP(3))`,
];

const COUPONS = [
  `INSERT INTO coupon_events (id, name, discount_type, discount_value, total_quantity, issued, opens_at, closes_at, coupon_valid_until)
   VALUES ('${EVENT}', 'Open', 'FIXED', 100, 10, 1, '2026-01-01', '2027-01-01', '2027-02-01')`,
  `INSERT INTO coupons (id, event_id, user_id, status, order_id, expires_at) VALUES ('${COUPON}', '${EVENT}', '${USER}', 'USED', '${PAID}', '2027-02-01')`,
  `INSERT INTO idempotency (caller, route, idempotency_key, fingerprint, effect_id, answer) VALUES ('${USER}', 'POST /v1/coupon-events/x/coupons', 'k', REPEAT('0', 64), '${COUPON}', '{}')`,
  `INSERT INTO inbox (id, claim, fingerprint, reply_type, reply) VALUES
     ('${PAID}/reserve.coupon/1', '${id('f1')}', REPEAT('0', 64), 'jumun.coupon.v1.CouponHeld', '{}'),
     ('${PAID}/commit.coupon/1', '${id('f1')}', REPEAT('0', 64), 'jumun.coupon.v1.CouponUsed', '{}')`,
  `INSERT INTO outbox (id, topic, message_key, type, payload, sent_at) VALUES ('${id('f2')}', 't', 'k', 'x', '{}', UTC_TIMESTAMP(3))`,
];

/** An instant of SQL as sagas keep it in their progress. */
const epochMs = (instant: string): string => `TIMESTAMPDIFF(MICROSECOND, '1970-01-01', ${instant}) DIV 1000`;

/** A saga with its history: states of the order, and between them what it has heard, as `wallet:WalletDebited`. The rest as given, as SQL. */
export const saga = (orderId: string, entries: readonly string[], more: Readonly<Record<string, string>>): string =>
  `INSERT INTO sagas (id, order_id, definition, definition_version, version, progress, data, timeline, ${Object.keys(more).join(', ')})
   VALUES ('${orderId}', '${orderId}', 'place-order', 1, 4, JSON_OBJECT('stage', 'reserve', 'nextAt', ${epochMs(more['next_at'] ?? 'NULL')}), '{}',
           '${lines(entries)}', ${Object.values(more).join(', ')})`;
/** Sets what is to be looked at by then, in the row and in the progress, and whatever else is given. */
export const dueAt = (orderId: string, instant: string, more = ''): string =>
  `UPDATE sagas SET next_at = ${instant}, progress = JSON_SET(progress, '$.nextAt', ${epochMs(instant)})${more} WHERE id = '${orderId}'`;
const lines = (entries: readonly string[]): string =>
  entries
    .map((entry) => (entry.includes(':') ? entry.split(':') : ['order', entry]))
    .map(([source, kind]) => JSON.stringify([{ at: 0, source, kind, detail: {} }]))
    .join('\\n');
export const ended = (outcome: 'COMPLETED' | 'REFUSED'): Readonly<Record<string, string>> => ({
  outcome: `'${outcome}'`,
  event_type: `'jumun.orders.v1.${outcome === 'COMPLETED' ? 'OrderCompleted' : 'OrderCancelled'}'`,
  event_payload: "'{}'",
  event_sent_at: 'UTC_TIMESTAMP(3)',
});

/** Tells more of an order than happened. */
export const told = (orderId: string, entries: readonly string[]): string =>
  `UPDATE sagas SET timeline = CONCAT(timeline, '\\n', '${lines(entries)}') WHERE id = '${orderId}'`;
/** Takes the lines that match out of a history, as a service that forgot to write them. */
export const forgotten = (orderId: string, kind: string): string =>
  `UPDATE sagas SET timeline = REGEXP_REPLACE(timeline, '\\n[^\\n]*"kind":"${kind}"[^\\n]*', '') WHERE id = '${orderId}'`;

const ORDERS = [
  `INSERT INTO orders (id, user_id, status, payment_mode, subtotal, discount, total, coupon_id, payment_status) VALUES
     ('${PAID}', '${USER}', 'COMPLETED', 'IMMEDIATE', 2000, 100, 1900, '${COUPON}', 'SUCCESS'), ('${FAILED}', '${USER}', 'CANCELLED', 'IMMEDIATE', 1000, 0, 1000, NULL, 'FAILED')`,
  `INSERT INTO order_lines (order_id, line_number, product_id, option_id, name, unit_price, quantity, discount_share) VALUES
     ('${PAID}', 1, '${id('c0')}', '${OPTION}', 'Mouse', 1000, 2, 100), ('${FAILED}', 1, '${id('c0')}', '${OPTION}', 'Mouse', 1000, 1, 0)`,
  saga(PAID, ['PENDING', 'VALIDATING', 'inventory:StockReserved', 'PROCESSING', 'wallet:WalletDebited', 'COMPLETED'], ended('COMPLETED')),
  saga(FAILED, ['PENDING', 'VALIDATING', 'CANCELLED'], ended('REFUSED')),
  `INSERT INTO idempotency (caller, route, idempotency_key, fingerprint, effect_id) VALUES ('${USER}', 'POST /v1/orders', 'k', REPEAT('0', 64), '${PAID}')`,
];

export interface TestBooks {
  readonly books: Books;
  /** As the auditor takes them from its environment. */
  readonly urls: Readonly<Record<Schema, string>>;
  /** Empties every table and writes the books that agree. */
  readonly reset: () => Promise<void>;
  /** Writes what no honest service would; constraints that stand in its way are gone before the first call. */
  readonly tamper: (schema: Schema, statement: string) => Promise<void>;
  readonly drop: () => Promise<void>;
}

// A mutant is a database that has lost its guards: what a constraint would refuse today must still be seen by the auditor.
const GUARDS: readonly (readonly [Schema, string])[] = [
  ['wallet', 'ALTER TABLE wallets DROP CONSTRAINT wallets_balance'],
  ['wallet', 'ALTER TABLE ledger DROP CONSTRAINT ledger_sign'],
  ['wallet', 'ALTER TABLE ledger DROP INDEX ledger_cause, DROP INDEX ledger_version, ADD KEY ledger_cause (cause_id)'],
  ['catalog', 'ALTER TABLE stock DROP CONSTRAINT stock_available, DROP CONSTRAINT stock_reserved'],
  ['catalog', 'ALTER TABLE stock_movements DROP INDEX stock_movements_cause'],
  ['coupon', 'ALTER TABLE coupon_events DROP CONSTRAINT coupon_events_issued'],
  ['coupon', 'ALTER TABLE coupons DROP INDEX coupons_one_a_user, ADD KEY coupons_event (event_id)'],
];

/** Four schemas of their own with two orders whose books agree. */
export const testBooks = async (): Promise<TestBooks> => {
  const [wallet, catalog, coupon, orders] = (await Promise.all(
    ['wallet', 'catalog-inventory', 'coupon', 'order-orchestrator'].map((service) => freshDatabase(migrationsOf(service))),
  )) as [FreshDatabase, FreshDatabase, FreshDatabase, FreshDatabase];
  const databases = { wallet, catalog, coupon, orders };
  const content: Record<Schema, string[]> = { wallet: WALLET, catalog: CATALOG, coupon: COUPONS, orders: ORDERS };
  for (const [schema, statement] of GUARDS) await databases[schema].db.execute(statement);
  return {
    books: { wallet: wallet.db, catalog: catalog.db, coupon: coupon.db, orders: orders.db, close: async () => {} },
    urls: { wallet: wallet.url, catalog: catalog.url, coupon: coupon.url, orders: orders.url },
    reset: async () => {
      for (const schema of Object.keys(databases) as Schema[]) {
        const { db } = databases[schema];
        const tables = await db.query<{ name: string }>(
          "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name <> '_prisma_migrations'",
        );
        await db.transaction(async (tx) => {
          void tx.execute('SET FOREIGN_KEY_CHECKS = 0');
          for (const { name } of tables) void tx.execute(`DELETE FROM \`${name}\``);
          void tx.execute('SET FOREIGN_KEY_CHECKS = 1');
          for (const statement of content[schema]) await tx.execute(statement);
        });
      }
    },
    tamper: async (schema, statement) => {
      await databases[schema].db.execute(statement);
    },
    drop: async () => {
      await Promise.all(Object.values(databases).map((database) => database.drop()));
    },
  };
};

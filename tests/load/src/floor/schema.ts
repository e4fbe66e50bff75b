import type { Database } from '@jumun/service-kit';
import type { Shop } from '../basket.ts';

const ID = 'CHAR(36) CHARACTER SET ascii';

/** What an order cannot do without, and no column more. */
export const TABLES: readonly string[] = [
  `wallets (user_id ${ID} PRIMARY KEY, balance BIGINT, version BIGINT)`,
  `ledger (order_id ${ID} PRIMARY KEY, user_id ${ID}, version BIGINT, amount BIGINT, balance_after BIGINT, UNIQUE (user_id, version))`,
  `stock (option_id ${ID} PRIMARY KEY, price BIGINT, available INT, reserved INT, sold INT)`,
  `reservations (order_id ${ID}, option_id ${ID}, quantity INT, status VARCHAR(12), PRIMARY KEY (order_id, option_id))`,
  `movements (id BIGINT AUTO_INCREMENT PRIMARY KEY, option_id ${ID}, units INT, order_id ${ID}, KEY (option_id))`,
  `coupons (id ${ID} PRIMARY KEY, status VARCHAR(12), order_id ${ID})`,
  `idempotency (idempotency_key VARCHAR(64) CHARACTER SET ascii PRIMARY KEY, order_id ${ID})`,
  `orders (id ${ID} PRIMARY KEY, user_id ${ID}, status VARCHAR(12), total BIGINT, created_at DATETIME(3), completed_at DATETIME(3), KEY (user_id, created_at))`,
  `order_lines (order_id ${ID}, line_number INT, option_id ${ID}, price BIGINT, quantity INT, PRIMARY KEY (order_id, line_number))`,
  `sagas (id ${ID} PRIMARY KEY, version INT, progress TEXT, data TEXT)`,
  ...['wallet', 'inventory', 'coupon'].map((role) => `${role}_inbox (id VARCHAR(64) CHARACTER SET ascii PRIMARY KEY, reply VARCHAR(255))`),
];

/** Won and units that no run uses up. */
export const PLENTY = 1_000_000_000;
const PRICE = 1_000;

const idOf = (number: number): string => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;
const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => idOf(index));

export interface Counts {
  readonly users: number;
  readonly products: number;
  readonly coupons: number;
}

/** Makes the tables, with customers who can pay, and with stock. A coupon begins when it is held. */
export const prepareFloor = async (db: Database, counts: Counts): Promise<Shop> => {
  for (const table of TABLES) await db.execute(`CREATE TABLE ${table}`);
  const users = ids(counts.users);
  const products = ids(counts.products).map((optionId) => ({ optionId }));
  await db.insert(
    'wallets',
    users.map((id) => [id, PLENTY, 1]),
  );
  await db.insert(
    'stock',
    products.map(({ optionId }) => [optionId, PRICE, PLENTY, 0, 0]),
  );
  const coupons = ids(counts.coupons).map((couponId, index) => ({ couponId, userId: users[index % users.length] as string }));
  return { users, products, coupons };
};

import type { Progress } from '@jumun/saga';
import type { Tx } from '@jumun/service-kit';
import type { PlacedOrder } from '../order.ts';
import { statusOf } from '../place-order.ts';
import { stateOf } from './saga-rows.ts';
import { sqlTime, sqlTimeOrNull } from './sql-time.ts';
import { timelineBegun } from './timeline.ts';

const ORDERS = 'orders (id, user_id, status, payment_mode, subtotal, discount, total, coupon_id, payment_status, created_at)';
const LINES = 'order_lines (order_id, line_number, product_id, option_id, name, unit_price, quantity, discount_share)';
const SAGAS = 'sagas (id, order_id, definition, definition_version, version, progress, data, timeline, next_at)';

const orderRow = (saga: Progress<PlacedOrder>): unknown[] => {
  const { id, userId, subtotal, discount, total, couponId, createdAt } = saga.data;
  return [id, userId, statusOf(saga), 'IMMEDIATE', subtotal, discount, total, couponId ?? null, 'PENDING', sqlTime(createdAt)];
};
const lineRows = ({ data: { id, lines } }: Progress<PlacedOrder>): unknown[][] =>
  lines.map((line, index) => [id, index + 1, line.productId, line.optionId, line.name, line.unitPrice, line.quantity, line.discountShare]);
const sagaRow = (saga: Progress<PlacedOrder>): unknown[] => [
  saga.id,
  saga.id,
  saga.saga,
  saga.version,
  1,
  JSON.stringify(stateOf(saga)),
  JSON.stringify(saga.data),
  timelineBegun(saga),
  sqlTimeOrNull(saga.nextAt),
];

/** Writes accepted orders with their lines, and sagas with the beginning of their history: one statement per table. */
export const insertAccepted = async (tx: Tx, sagas: readonly Progress<PlacedOrder>[]): Promise<void> => {
  await Promise.all([
    tx.insert(ORDERS, sagas.map(orderRow)),
    tx.insert(LINES, sagas.flatMap(lineRows)),
    tx.insert(SAGAS, sagas.map(sagaRow)),
  ]);
};

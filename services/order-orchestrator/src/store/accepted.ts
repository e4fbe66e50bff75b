import type { Progress } from '@jumun/saga';
import type { Tx } from '@jumun/service-kit';
import type { PlacedOrder } from '../order.ts';
import { statusOf } from '../place-order.ts';
import { stateOf } from './saga-rows.ts';
import { sqlTime, sqlTimeOrNull } from './sql-time.ts';
import { INSERT_TIMELINE, statusRow } from './timeline.ts';

const INSERT_ORDERS = `
  INSERT INTO orders (id, user_id, status, payment_mode, subtotal, discount, total, coupon_id, payment_status, created_at)
  SELECT j.id, j.user_id, j.status, 'IMMEDIATE', j.subtotal, j.discount, j.total, j.coupon_id, 'PENDING', j.created_at
    FROM JSON_TABLE(?, '$[*]' COLUMNS (
           id CHAR(36) CHARACTER SET ascii PATH '$[0]', user_id CHAR(36) CHARACTER SET ascii PATH '$[1]',
           status VARCHAR(16) CHARACTER SET ascii PATH '$[2]', subtotal BIGINT PATH '$[3]', discount BIGINT PATH '$[4]', total BIGINT PATH '$[5]',
           coupon_id CHAR(36) CHARACTER SET ascii PATH '$[6]', created_at DATETIME(3) PATH '$[7]')) j`;

const INSERT_LINES = `
  INSERT INTO order_lines (order_id, line_number, product_id, option_id, name, unit_price, quantity, discount_share)
  SELECT j.order_id, j.line_number, j.product_id, j.option_id, j.name, j.unit_price, j.quantity, j.discount_share
    FROM JSON_TABLE(?, '$[*]' COLUMNS (
           order_id CHAR(36) CHARACTER SET ascii PATH '$[0]', line_number INT PATH '$[1]',
           product_id CHAR(36) CHARACTER SET ascii PATH '$[2]', option_id CHAR(36) CHARACTER SET ascii PATH '$[3]',
           name VARCHAR(210) CHARACTER SET utf8mb4 PATH '$[4]', unit_price BIGINT PATH '$[5]', quantity BIGINT PATH '$[6]',
           discount_share BIGINT PATH '$[7]')) j`;

const INSERT_SAGAS = `
  INSERT INTO sagas (id, order_id, definition, definition_version, version, progress, data, next_at)
  SELECT j.id, j.id, j.definition, j.definition_version, 1, j.progress, j.data, j.next_at
    FROM JSON_TABLE(?, '$[*]' COLUMNS (
           id CHAR(36) CHARACTER SET ascii PATH '$[0]', definition VARCHAR(40) CHARACTER SET ascii PATH '$[1]', definition_version INT PATH '$[2]',
           next_at DATETIME(3) PATH '$[3]', progress JSON PATH '$[4]', data JSON PATH '$[5]')) j`;

const orderRow = (saga: Progress<PlacedOrder>): unknown[] => {
  const { id, userId, subtotal, discount, total, couponId, createdAt } = saga.data;
  return [id, userId, statusOf(saga), subtotal, discount, total, couponId ?? null, sqlTime(createdAt)];
};
const lineRows = ({ data: { id, lines } }: Progress<PlacedOrder>): unknown[][] =>
  lines.map((line, index) => [id, index + 1, line.productId, line.optionId, line.name, line.unitPrice, line.quantity, line.discountShare]);
const sagaRow = (saga: Progress<PlacedOrder>): unknown[] => [
  saga.id,
  saga.saga,
  saga.version,
  sqlTimeOrNull(saga.nextAt),
  stateOf(saga),
  saga.data,
];

/** Writes accepted orders with their lines, sagas and the beginning of their history: one statement a table. */
export const insertAccepted = async (tx: Tx, sagas: readonly Progress<PlacedOrder>[]): Promise<void> => {
  const history = sagas.flatMap((saga) => ['PENDING', statusOf(saga)].map((status) => statusRow(saga.id, saga.data.createdAt, status)));
  await Promise.all([
    tx.execute(INSERT_ORDERS, [JSON.stringify(sagas.map(orderRow))]),
    tx.execute(INSERT_LINES, [JSON.stringify(sagas.flatMap(lineRows))]),
    tx.execute(INSERT_SAGAS, [JSON.stringify(sagas.map(sagaRow))]),
    tx.execute(INSERT_TIMELINE, [JSON.stringify(history)]),
  ]);
};

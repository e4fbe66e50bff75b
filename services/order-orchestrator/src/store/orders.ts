import { orders, refusals } from '@jumun/protos';
import type { Database } from '@jumun/service-kit';

interface OrderRow {
  readonly id: string;
  readonly userId: string;
  readonly status: keyof typeof orders.OrderStatus;
  readonly reason: string | null;
  readonly subtotal: number;
  readonly discount: number;
  readonly total: number;
  readonly refunded: number;
  readonly couponId: string | null;
  readonly paymentStatus: keyof typeof orders.PaymentStatus;
  readonly paidAt: Date | null;
  readonly createdAt: Date;
  readonly completedAt: Date | null;
  readonly cancelledAt: Date | null;
}

type LineRow = Omit<orders.OrderLine, '$type'> & { readonly orderId: string };

export const READ_ORDERS = `
  SELECT id, user_id AS userId, status, reason, subtotal, discount, total, refunded, coupon_id AS couponId, payment_status AS paymentStatus,
         paid_at AS paidAt, created_at AS createdAt, completed_at AS completedAt, cancelled_at AS cancelledAt
    FROM orders FORCE INDEX (PRIMARY) WHERE id IN (?)`;
export const READ_LINES = `
  SELECT order_id AS orderId, product_id AS productId, option_id AS optionId, name, unit_price AS unitPrice, quantity,
         cancelled_quantity AS cancelledQuantity, discount_share AS discountShare
    FROM order_lines FORCE INDEX (PRIMARY) WHERE order_id IN (?) ORDER BY order_id, line_number`;

/** When orders were paid that have not ended. Their own rows say it at the end only: a move within PROCESSING would cost each order a write more. */
export const READ_PAID = `
  SELECT id, JSON_VALUE(data, '$.paidAt') AS paidAt FROM sagas FORCE INDEX (PRIMARY) WHERE id IN (?) AND JSON_VALUE(data, '$.paidAt') IS NOT NULL`;

const lineOf = ({ productId, optionId, name, unitPrice, quantity, cancelledQuantity, discountShare }: LineRow): orders.OrderLine => ({
  $type: 'jumun.orders.v1.OrderLine',
  productId,
  optionId,
  name,
  unitPrice,
  quantity,
  cancelledQuantity,
  discountShare,
});

const orderOf = (row: OrderRow, lines: orders.OrderLine[]): orders.Order => ({
  $type: 'jumun.orders.v1.Order',
  ...row,
  lines,
  status: orders.OrderStatus[row.status],
  paymentMode: orders.PaymentMode.IMMEDIATE,
  paymentStatus: orders.PaymentStatus[row.paymentStatus],
  reason: row.reason === null ? undefined : refusals.Refusal.fromJSON(JSON.parse(row.reason)),
  couponId: row.couponId ?? undefined,
  paidAt: row.paidAt ?? undefined,
  completedAt: row.completedAt ?? undefined,
  cancelledAt: row.cancelledAt ?? undefined,
});

/** The saga's data, read after the order's row, is as new as that or newer: what is missing there has not been paid. */
const withPayment = async (db: Pick<Database, 'query'>, rows: readonly OrderRow[]): Promise<readonly OrderRow[]> => {
  const open = rows.filter(({ status }) => status === 'PROCESSING').map(({ id }) => id);
  if (open.length === 0) return rows;
  const paid = await db.query<{ id: string; paidAt: string }>(READ_PAID, [open]);
  const paidAt = new Map(paid.map((row) => [row.id, new Date(Number(row.paidAt))]));
  return rows.map((row) => (paidAt.has(row.id) ? { ...row, paymentStatus: 'SUCCESS', paidAt: paidAt.get(row.id) ?? null } : row));
};

/** Orders as they stand, by id. Every answer comes from here but that to the buyer who waits at the instance that ends the order. */
export const readOrders = async (db: Pick<Database, 'query'>, ids: readonly string[]): Promise<Map<string, orders.Order>> => {
  if (ids.length === 0) return new Map();
  const [rows, lines] = await Promise.all([
    db.query<OrderRow>(READ_ORDERS, [ids]).then((found) => withPayment(db, found)),
    db.query<LineRow>(READ_LINES, [ids]),
  ]);
  const linesOf = new Map<string, orders.OrderLine[]>();
  for (const line of lines) {
    const known = linesOf.get(line.orderId);
    if (known === undefined) linesOf.set(line.orderId, [lineOf(line)]);
    else known.push(lineOf(line));
  }
  return new Map(rows.map((row) => [row.id, orderOf(row, linesOf.get(row.id) ?? [])]));
};

export const ENDED_AMONG = "SELECT id FROM orders FORCE INDEX (PRIMARY) WHERE id IN (?) AND status IN ('COMPLETED', 'CANCELLED')";

/** Which of these orders have ended. */
export const endedAmong = async (db: Pick<Database, 'query'>, ids: readonly string[]): Promise<string[]> =>
  ids.length === 0 ? [] : (await db.query<{ id: string }>(ENDED_AMONG, [ids])).map(({ id }) => id);

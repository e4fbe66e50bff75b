import { orders, refusals } from '@jumun/protos';
import type { SagaChange } from '@jumun/saga';
import type { Database } from '@jumun/service-kit';
import { refusalOf } from '../order-message.ts';
import type { PlacedOrder } from '../order.ts';
import { statusOf } from '../place-order.ts';
import { sqlTime } from './sql-time.ts';

export const UPDATE_ORDERS = `
  UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
           id CHAR(36) CHARACTER SET ascii PATH '$[0]', status VARCHAR(16) CHARACTER SET ascii PATH '$[1]', payment_status VARCHAR(16) CHARACTER SET ascii PATH '$[2]',
           paid_at DATETIME(3) PATH '$[3]', completed_at DATETIME(3) PATH '$[4]', cancelled_at DATETIME(3) PATH '$[5]', reason TEXT CHARACTER SET utf8mb4 PATH '$[6]')) j
  STRAIGHT_JOIN orders o FORCE INDEX (PRIMARY) ON o.id = j.id
     SET o.status = j.status, o.payment_status = j.payment_status, o.paid_at = j.paid_at, o.completed_at = j.completed_at, o.cancelled_at = j.cancelled_at, o.reason = j.reason`;

const timeOf = (ms: number | undefined): string | null => (ms === undefined ? null : sqlTime(ms));

/** Rows for `UPDATE_ORDERS`: where the sagas have taken their orders. */
export const endedOrders = (changes: readonly SagaChange[]): unknown[][] =>
  changes.map(({ id, after }) => {
    const { paidAt } = after.data as PlacedOrder;
    const status = statusOf(after);
    const payment = status === 'CANCELLED' ? 'FAILED' : paidAt === undefined ? 'PENDING' : 'SUCCESS';
    const reason =
      status === 'CANCELLED' && after.reason !== undefined ? JSON.stringify(refusals.Refusal.toJSON(refusalOf(after.reason))) : null;
    const at = timeOf(after.endedAt);
    return [id, status, payment, timeOf(paidAt), status === 'COMPLETED' ? at : null, status === 'CANCELLED' ? at : null, reason];
  });

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

interface LineRow {
  readonly orderId: string;
  readonly productId: string;
  readonly optionId: string;
  readonly name: string;
  readonly unitPrice: number;
  readonly quantity: number;
  readonly cancelledQuantity: number;
  readonly discountShare: number;
}

const READ_ORDERS = `
  SELECT id, user_id AS userId, status, reason, subtotal, discount, total, refunded, coupon_id AS couponId, payment_status AS paymentStatus,
         paid_at AS paidAt, created_at AS createdAt, completed_at AS completedAt, cancelled_at AS cancelledAt
    FROM orders WHERE id IN (?)`;
const READ_LINES = `
  SELECT order_id AS orderId, product_id AS productId, option_id AS optionId, name, unit_price AS unitPrice, quantity, cancelled_quantity AS cancelledQuantity, discount_share AS discountShare
    FROM order_lines WHERE order_id IN (?) ORDER BY order_id, line_number`;

/** Orders as their rows say, by id. Every answer to a client comes from here. */
export const readOrders = async (db: Pick<Database, 'query'>, ids: readonly string[]): Promise<Map<string, orders.Order>> => {
  if (ids.length === 0) return new Map();
  const [rows, lines] = await Promise.all([db.query<OrderRow>(READ_ORDERS, [ids]), db.query<LineRow>(READ_LINES, [ids])]);
  const linesOf = Map.groupBy(lines, ({ orderId }) => orderId);
  return new Map(
    rows.map((row) => [
      row.id,
      orders.Order.fromPartial({
        ...row,
        status: orders.OrderStatus[row.status],
        paymentMode: orders.PaymentMode.IMMEDIATE,
        paymentStatus: orders.PaymentStatus[row.paymentStatus],
        lines: linesOf.get(row.id) ?? [],
        reason: row.reason === null ? undefined : refusals.Refusal.fromJSON(JSON.parse(row.reason)),
        couponId: row.couponId ?? undefined,
        paidAt: row.paidAt ?? undefined,
        completedAt: row.completedAt ?? undefined,
        cancelledAt: row.cancelledAt ?? undefined,
      }),
    ]),
  );
};

const ENDED = "SELECT id FROM orders WHERE id IN (?) AND status IN ('COMPLETED', 'CANCELLED')";

/** Which of these orders have ended. */
export const endedAmong = async (db: Pick<Database, 'query'>, ids: readonly string[]): Promise<string[]> =>
  ids.length === 0 ? [] : (await db.query<{ id: string }>(ENDED, [ids])).map(({ id }) => id);

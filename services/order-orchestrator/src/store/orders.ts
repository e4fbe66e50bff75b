import { orders, refusals } from '@jumun/protos';
import type { Progress } from '@jumun/saga';
import type { Cursor, Database } from '@jumun/service-kit';
import { stagesOf, statusOf } from '../place-order.ts';

/** What the saga of an open order says of it; null of one that has ended. */
interface OfSaga {
  readonly sagaPhase: Progress['phase'] | null;
  readonly sagaStage: string | null;
  /** Epoch milliseconds. */
  readonly sagaPaidAt: string | null;
}

interface OrderRow extends OfSaga {
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
  readonly paidAt: Date;
  readonly createdAt: Date;
  readonly completedAt: Date;
  readonly cancelledAt: Date | null;
}

type LineRow = Omit<orders.OrderLine, '$type'> & { readonly orderId: string };

/** The last instant that a column of a row can hold. */
const NEVER = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** The row of an open order says no more than that it is open: `place-order.ts` tells from its saga how it stands. */
const IS_ENDED = "o.status IN ('COMPLETED', 'CANCELLED')";

/** One statement sees one state of the rows: an order's end and that of its saga are seen both or not at all. */
export const READ_ORDERS = `
  SELECT o.id, o.user_id AS userId, o.status, o.reason, o.subtotal, o.discount, o.total, o.refunded, o.coupon_id AS couponId,
         o.payment_status AS paymentStatus, o.paid_at AS paidAt, o.created_at AS createdAt, o.completed_at AS completedAt,
         o.cancelled_at AS cancelledAt, JSON_VALUE(s.progress, '$.phase') AS sagaPhase, JSON_VALUE(s.progress, '$.stage') AS sagaStage,
         JSON_VALUE(s.data, '$.paidAt') AS sagaPaidAt
    FROM orders o FORCE INDEX (PRIMARY) LEFT JOIN sagas s FORCE INDEX (PRIMARY) ON s.id = IF(${IS_ENDED}, NULL, o.id)
   WHERE o.id IN (?)`;
export const READ_LINES = `
  SELECT order_id AS orderId, product_id AS productId, option_id AS optionId, name, unit_price AS unitPrice, quantity,
         cancelled_quantity AS cancelledQuantity, discount_share AS discountShare
    FROM order_lines FORCE INDEX (PRIMARY) WHERE order_id IN (?) ORDER BY order_id, line_number`;

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

/** How an open order stands: as its saga does. */
const asItStands = ({ sagaPhase, sagaStage, sagaPaidAt, ...row }: OrderRow): Omit<OrderRow, keyof OfSaga> => {
  if (sagaPhase === null || sagaStage === null) return row;
  const payment = sagaPaidAt === null ? null : { paymentStatus: 'SUCCESS' as const, paidAt: new Date(Number(sagaPaidAt)) };
  return { ...row, status: statusOf({ phase: sagaPhase, stage: sagaStage }), ...payment };
};

/** What a row says of what has not happened: NULL would take less room than what follows it. Told here, since servers differ in what type they make of it. */
const unlessNever = (at: Date): Date | undefined => (at.getTime() === NEVER ? undefined : at);

const orderOf = (stored: OrderRow, lines: orders.OrderLine[]): orders.Order => {
  const row = asItStands(stored);
  return {
    $type: 'jumun.orders.v1.Order',
    ...row,
    lines,
    status: orders.OrderStatus[row.status],
    paymentMode: orders.PaymentMode.IMMEDIATE,
    paymentStatus: orders.PaymentStatus[row.paymentStatus],
    reason: row.reason === null ? undefined : refusals.Refusal.fromJSON(JSON.parse(row.reason)),
    couponId: row.couponId ?? undefined,
    paidAt: unlessNever(row.paidAt),
    completedAt: unlessNever(row.completedAt),
    cancelledAt: row.cancelledAt ?? undefined,
  };
};

/** Orders as they stand, by id. Every answer comes from here but that to the buyer who waits at the instance that ends the order. */
export const readOrders = async (db: Pick<Database, 'query'>, ids: readonly string[]): Promise<Map<string, orders.Order>> => {
  if (ids.length === 0) return new Map();
  const [rows, lines] = await Promise.all([db.query<OrderRow>(READ_ORDERS, [ids]), db.query<LineRow>(READ_LINES, [ids])]);
  const linesOf = new Map<string, orders.OrderLine[]>();
  for (const line of lines) {
    const known = linesOf.get(line.orderId);
    if (known === undefined) linesOf.set(line.orderId, [lineOf(line)]);
    else known.push(lineOf(line));
  }
  return new Map(rows.map((row) => [row.id, orderOf(row, linesOf.get(row.id) ?? [])]));
};

/** Open orders of a user by the stages of their sagas, newest first. */
export const LIST_OPEN = `
  SELECT o.id, o.created_at AS createdAt
    FROM orders o FORCE INDEX (orders_user) STRAIGHT_JOIN sagas s FORCE INDEX (PRIMARY) ON s.id = o.id
   WHERE o.user_id = ? AND NOT ${IS_ENDED} AND (o.created_at < ? OR (o.created_at = ? AND o.id < ?)) AND JSON_VALUE(s.progress, '$.stage') IN (?)
   ORDER BY o.created_at DESC, o.id DESC LIMIT ?`;

/** Before all orders in a list. */
const NEWEST: Cursor = { at: new Date(NEVER), id: '' };

/** Where to find the open orders of a user that have this status, newest first. */
export const listOpen = async (
  db: Pick<Database, 'query'>,
  { userId, status, from, limit }: { userId: string; status: string; from: Cursor | null; limit: number },
): Promise<{ id: string; createdAt: Date }[]> => {
  const stages = stagesOf(status);
  const { at, id } = from ?? NEWEST;
  return stages.length === 0 ? [] : db.query(LIST_OPEN, [userId, at, at, id, stages, limit]);
};

export const ENDED_AMONG = `SELECT o.id FROM orders o FORCE INDEX (PRIMARY) WHERE o.id IN (?) AND ${IS_ENDED}`;

/** Which of these orders have ended. */
export const endedAmong = async (db: Pick<Database, 'query'>, ids: readonly string[]): Promise<string[]> =>
  ids.length === 0 ? [] : (await db.query<{ id: string }>(ENDED_AMONG, [ids])).map(({ id }) => id);

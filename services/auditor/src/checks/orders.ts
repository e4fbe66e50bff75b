import type { Books } from '../books.ts';
import type { Violation } from '../check.ts';
import { acrossSchemas, isOpen, type OrderRow, type Stretch } from './across.ts';
import { UNREADABLE } from './standing.ts';

/** What is wrong with a reservation of an order, or undefined. Of a completed order's own lines it is asked elsewhere. */
const wrongReservation = (order: OrderRow | undefined, status: string, isItsLine: boolean, strict: boolean): string | undefined => {
  if (order === undefined) return 'for an order that does not exist';
  if (strict && isOpen(order)) return `for an order that is ${order.status}`;
  switch (order.status) {
    case 'COMPLETED':
      return isItsLine ? undefined : 'for a completed order without such a line';
    case 'CANCELLED':
      return status === 'RELEASED' ? undefined : 'for a cancelled order';
    case 'PROCESSING':
    case UNREADABLE:
      return undefined; // it may be paid and commit, or find the money missing and release
    default:
      return status === 'COMMITTED' ? `for an order that is ${order.status}, so not paid` : undefined;
  }
};

export const soldAsOrdered = acrossSchemas(
  'orders.sold-as-ordered',
  'A completed order has sold exactly its lines, a cancelled one has released what it held; nothing is reserved, sold or released for another.',
  async ({ books, strict }, { byId, within }) => {
    const lines = within('order_id');
    const [ordered, held] = await Promise.all([
      books.orders.query<{ id: string; optionId: string; quantity: number }>(
        `SELECT order_id AS id, option_id AS optionId, SUM(quantity - cancelled_quantity) AS quantity FROM order_lines WHERE TRUE${lines.sql} GROUP BY order_id, option_id`,
        lines.params,
      ),
      books.catalog.query<{ id: string; optionId: string; quantity: number; status: string }>(
        `SELECT order_id AS id, option_id AS optionId, quantity, status FROM reservations WHERE TRUE${lines.sql}`,
        lines.params,
      ),
    ]);
    const nameOf = ({ id, optionId }: { id: string; optionId: string }): string => `${id} ${optionId}`;
    const sold = new Map(held.map((row) => [nameOf(row), row]));
    const isOrdered = new Set(ordered.map(nameOf));
    const violations: Violation[] = [];
    for (const line of ordered) {
      const { id, optionId, quantity } = line;
      if (byId.get(id)?.status !== 'COMPLETED') continue;
      const reservation = sold.get(nameOf(line));
      if (reservation?.status !== 'COMMITTED' || reservation.quantity !== Number(quantity))
        violations.push({
          id,
          message: `completed with ${quantity} of option ${optionId}, but ${reservation?.status ?? 'nothing'} ${reservation?.quantity ?? ''}`,
        });
    }
    for (const row of held) {
      const wrong = wrongReservation(byId.get(row.id), row.status, isOrdered.has(nameOf(row)), strict);
      if (wrong !== undefined) violations.push({ id: row.id, message: `${row.status} ${row.quantity} of option ${row.optionId} ${wrong}` });
    }
    return violations;
  },
);

/** A coupon that is held or used, and the order that does so. */
export interface KeptCoupon {
  readonly couponId: string;
  readonly orderId: string;
  readonly userId: string;
  readonly status: 'HELD' | 'USED';
  readonly updatedAt: Date;
}

export const keptCoupons = (books: Books, { within }: Stretch): Promise<KeptCoupon[]> => {
  const { sql, params } = within('order_id');
  return books.coupon.query<KeptCoupon>(
    `SELECT id AS couponId, order_id AS orderId, user_id AS userId, status, updated_at AS updatedAt FROM coupons WHERE order_id IS NOT NULL${sql}`,
    params,
  );
};

/** Whether an order may keep its coupon like this: a used one is a paid order's, a held one an open order's. */
const mayKeep = (order: OrderRow, status: KeptCoupon['status'], strict: boolean): boolean => {
  if (order.status === 'COMPLETED') return status === 'USED';
  return !strict && isOpen(order) && (status === 'HELD' || order.status !== 'VALIDATING');
};

export const couponUsedOnce = acrossSchemas(
  'coupons.used-by-one-order',
  'A used coupon belongs to exactly one completed order of its owner, and that order to it; none is held without an open order, or used before it is paid.',
  async ({ books, strict }, stretch) => {
    const { orders, byId } = stretch;
    const rows = await keptCoupons(books, stretch);
    const kept = new Map(rows.map((row) => [row.orderId, row]));
    const violations: Violation[] = [];
    for (const { id, status, couponId } of orders) {
      if (status !== 'COMPLETED' || couponId === null) continue;
      if (kept.get(id)?.status !== 'USED') violations.push({ id, message: `completed with coupon ${couponId}, which it has not used` });
    }
    for (const { couponId, orderId, userId, status } of rows) {
      const order = byId.get(orderId);
      if (order === undefined) violations.push({ id: orderId, message: `coupon ${couponId} is ${status} by an order that does not exist` });
      else if (order.couponId !== couponId)
        violations.push({ id: orderId, message: `coupon ${couponId} is ${status} by an order without it` });
      else if (order.userId !== userId)
        violations.push({ id: orderId, message: `coupon ${couponId} of user ${userId} is ${status} by an order of user ${order.userId}` });
      else if (!mayKeep(order, status, strict))
        violations.push({ id: orderId, message: `${order.status}, but coupon ${couponId} is ${status}` });
    }
    return violations;
  },
);

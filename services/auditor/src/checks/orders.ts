import type { Check, Finding, Scope, Violation } from '../check.ts';
import { only } from '../check.ts';

/** Orders compared at once with what the other schemas say of them. */
const PAGE = 5_000;

interface OrderRow {
  readonly id: string;
  readonly status: string;
  readonly total: number;
  readonly couponId: string | null;
}

/** A stretch of ids that is read from every schema and compared in memory. */
interface Stretch {
  readonly orders: readonly OrderRow[];
  /** `AND <column> …` for the same stretch in another schema. */
  readonly within: (column: string) => { sql: string; params: readonly unknown[] };
}

const ORDER_COLUMNS = 'SELECT id, status, total, coupon_id AS couponId FROM orders';
const BOUNDS = { first: '', last: '~' }; // below and above every id

/** Walks all orders by their ids, a page at a time; ids of the first page start below, of the last end above everything, so orphans are seen too. */
async function* stretches({ books, ids }: Scope): AsyncGenerator<Stretch> {
  if (ids !== undefined) {
    const some = only('id', ids);
    yield {
      orders: await books.orders.query<OrderRow>(`${ORDER_COLUMNS} WHERE TRUE${some.sql}`, some.params),
      within: (column) => only(column, ids),
    };
    return;
  }
  for (let from = BOUNDS.first; ;) {
    const orders = await books.orders.query<OrderRow>(`${ORDER_COLUMNS} WHERE id > ? ORDER BY id LIMIT ${PAGE}`, [from]);
    const to = orders.length < PAGE ? BOUNDS.last : (orders.at(-1)?.id ?? BOUNDS.last);
    const low = from;
    yield { orders, within: (column) => ({ sql: ` AND ${column} > ? AND ${column} <= ?`, params: [low, to] }) };
    if (to === BOUNDS.last) return;
    from = to;
  }
}

/** Compares each stretch of orders with what `look` finds elsewhere. */
const acrossSchemas = (
  name: string,
  claim: string,
  look: (scope: Scope, stretch: Stretch, byId: ReadonlyMap<string, OrderRow>) => Promise<Violation[]>,
): Check => ({
  name,
  claim,
  examine: async (scope): Promise<Finding> => {
    let checked = 0;
    const violations: Violation[] = [];
    for await (const stretch of stretches(scope)) {
      checked += stretch.orders.length;
      violations.push(...(await look(scope, stretch, new Map(stretch.orders.map((order) => [order.id, order])))));
    }
    return { checked, violations };
  },
});

const isOpen = (order: OrderRow): boolean => order.status !== 'COMPLETED' && order.status !== 'CANCELLED';

export const paidExactlyOnce = acrossSchemas(
  'orders.paid-exactly-once',
  'A completed order has exactly one payment of exactly its total; a cancelled one nets to nothing; nothing else is paid for.',
  async ({ books, strict }, stretch, byId) => {
    const { sql, params } = stretch.within('cause_id');
    const rows = await books.wallet.query<{ id: string; net: number; payments: number }>(
      `SELECT cause_id AS id, SUM(amount) AS net, SUM(type = 'PAYMENT') AS payments FROM ledger WHERE type <> 'CHARGE'${sql} GROUP BY cause_id`,
      params,
    );
    const paid = new Map(rows.map((row) => [row.id, { net: Number(row.net), payments: Number(row.payments) }]));
    const violations: Violation[] = [];
    for (const order of stretch.orders) {
      const { net, payments } = paid.get(order.id) ?? { net: 0, payments: 0 };
      const expected = order.total === 0 ? 0 : 1;
      if (order.status === 'COMPLETED' && (payments !== expected || net !== -order.total))
        violations.push({ id: order.id, message: `completed with a total of ${order.total}, but ${payments} payments, net ${net}` });
      if (order.status === 'CANCELLED' && net !== 0) violations.push({ id: order.id, message: `cancelled, but net ${net}` });
      if (strict && isOpen(order) && payments > 0) violations.push({ id: order.id, message: `paid, but ${order.status}` });
    }
    for (const [id, { net }] of paid) if (!byId.has(id)) violations.push({ id, message: `paid ${-net} for an order that does not exist` });
    return violations;
  },
);

export const soldAsOrdered = acrossSchemas(
  'orders.sold-as-ordered',
  'A completed order has sold exactly its lines; a cancelled one holds nothing; nothing is held without an open order.',
  async ({ books, strict }, stretch, byId) => {
    const lines = stretch.within('order_id');
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
    const sold = new Map(held.map((row) => [`${row.id} ${row.optionId}`, row]));
    const violations: Violation[] = [];
    for (const { id, optionId, quantity } of ordered) {
      if (byId.get(id)?.status !== 'COMPLETED') continue;
      const reservation = sold.get(`${id} ${optionId}`);
      if (reservation?.status !== 'COMMITTED' || reservation.quantity !== Number(quantity))
        violations.push({
          id,
          message: `completed with ${quantity} of option ${optionId}, but ${reservation?.status ?? 'nothing'} ${reservation?.quantity ?? ''}`,
        });
    }
    for (const { id, optionId, quantity, status } of held) {
      const order = byId.get(id);
      if (status === 'RELEASED') continue;
      if (order === undefined)
        violations.push({ id, message: `${status} ${quantity} of option ${optionId} for an order that does not exist` });
      else if (order.status === 'CANCELLED' || (order.status === 'COMPLETED' && status === 'RESERVED') || (strict && isOpen(order)))
        violations.push({ id, message: `${order.status}, but ${status} ${quantity} of option ${optionId}` });
    }
    return violations;
  },
);

export const couponUsedOnce = acrossSchemas(
  'coupons.used-by-one-order',
  'A used coupon belongs to exactly one completed order, and that order to it; none is held without an open order.',
  async ({ books, strict }, stretch, byId) => {
    const used = stretch.within('used_by');
    const held = stretch.within('held_by');
    const rows = await books.coupon.query<{ couponId: string; orderId: string; status: string }>(
      `SELECT id AS couponId, used_by AS orderId, status FROM coupons WHERE used_by IS NOT NULL${used.sql}
        UNION ALL SELECT id, held_by, status FROM coupons WHERE held_by IS NOT NULL${held.sql}`,
      [...used.params, ...held.params],
    );
    const kept = new Map(rows.map((row) => [row.orderId, row]));
    const violations: Violation[] = [];
    for (const { id, status, couponId } of stretch.orders) {
      if (status !== 'COMPLETED' || couponId === null) continue;
      const coupon = kept.get(id);
      if (coupon?.status !== 'USED' || coupon.couponId !== couponId)
        violations.push({ id, message: `completed with coupon ${couponId}, which it has not used` });
    }
    for (const { couponId, orderId, status } of rows) {
      const order = byId.get(orderId);
      if (order === undefined) violations.push({ id: orderId, message: `coupon ${couponId} is ${status} by an order that does not exist` });
      else if (order.couponId !== couponId)
        violations.push({ id: orderId, message: `coupon ${couponId} is ${status} by an order without it` });
      else if (status === 'USED' ? order.status === 'CANCELLED' || (strict && order.status !== 'COMPLETED') : !isOpen(order) || strict)
        violations.push({ id: orderId, message: `${order.status}, but coupon ${couponId} is ${status}` });
    }
    return violations;
  },
);

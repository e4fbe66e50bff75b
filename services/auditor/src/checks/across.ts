import { type Check, type Finding, only, type Scope, type Violation } from '../check.ts';
import { ORDERS_AND_SAGAS, STATUS } from './standing.ts';

/** Orders compared at once with what the other schemas say of them. */
const PAGE = 5_000;

export interface OrderRow {
  readonly id: string;
  readonly userId: string;
  readonly status: string;
  readonly total: number;
  readonly couponId: string | null;
  readonly createdAt: Date;
}

/** `AND <column> …`, with its parameters. */
type Condition = (column: string) => { readonly sql: string; readonly params: readonly unknown[] };

/** A stretch of ids that is read from every schema and compared in memory. */
export interface Stretch {
  readonly orders: readonly OrderRow[];
  readonly byId: ReadonlyMap<string, OrderRow>;
  /** The same stretch in another schema, by a column of order ids … */
  readonly within: Condition;
  /** … or by one of command ids, which begin with the order's. */
  readonly commandsWithin: Condition;
}

const ORDER_COLUMNS = `
  SELECT o.id, o.user_id AS userId, ${STATUS} AS status, o.total, o.coupon_id AS couponId, o.created_at AS createdAt FROM ${ORDERS_AND_SAGAS}`;
const BELOW_ALL = '';
const ABOVE_ALL = '~';
/** Behind the last command id of an order: `~` comes after the slash. */
const behindCommandsOf = (id: string): string => (id === BELOW_ALL ? BELOW_ALL : `${id}~`);

const range =
  (from: string, to: string): Condition =>
  (column) => ({ sql: ` AND ${column} > ? AND ${column} <= ?`, params: [from, to] });

/**
 * Commands of these orders, each a range of its own: by its index, which knows nothing of what an id begins with otherwise. An id without a
 * slash, which a participant takes though no saga makes it, is its own order's, here as everywhere else.
 */
const commandsOf = (column: string, ids: readonly string[]): ReturnType<Condition> => ({
  sql: ` AND (${ids.map(() => `${column} = ? OR (${column} > ? AND ${column} < ?)`).join(' OR ')})`,
  params: ids.flatMap((id) => [id, `${id}/`, `${id}0`]), // nothing comes between the slash and the nought
});

const stretch = (orders: readonly OrderRow[], within: Condition, commandsWithin: Condition): Stretch => ({
  orders,
  byId: new Map(orders.map((order) => [order.id, order])),
  within,
  commandsWithin,
});

/** Walks all orders by their ids, a page at a time; ids of the first page start below, of the last end above everything, so orphans are seen too. */
async function* stretches({ books, ids }: Scope): AsyncGenerator<Stretch> {
  if (ids !== undefined) {
    const some = only('o.id', ids);
    yield stretch(
      await books.orders.query<OrderRow>(`${ORDER_COLUMNS} WHERE TRUE${some.sql}`, some.params),
      (column) => only(column, ids),
      (column) => commandsOf(column, ids),
    );
    return;
  }
  for (let from = BELOW_ALL; ;) {
    const orders = await books.orders.query<OrderRow>(`${ORDER_COLUMNS} WHERE o.id > ? ORDER BY o.id LIMIT ${PAGE}`, [from]);
    const to = orders.length < PAGE ? ABOVE_ALL : (orders.at(-1)?.id ?? ABOVE_ALL);
    yield stretch(orders, range(from, to), range(behindCommandsOf(from), behindCommandsOf(to)));
    if (to === ABOVE_ALL) return;
    from = to;
  }
}

/** Compares each stretch of orders with what `look` finds elsewhere. */
export const acrossSchemas = (name: string, claim: string, look: (scope: Scope, stretch: Stretch) => Promise<Violation[]>): Check => ({
  name,
  claim,
  examine: async (scope): Promise<Finding> => {
    let checked = 0;
    const violations: Violation[] = [];
    for await (const each of stretches(scope)) {
      checked += each.orders.length;
      violations.push(...(await look(scope, each)));
    }
    return { checked, violations };
  },
});

export const isOpen = ({ status }: OrderRow): boolean => status !== 'COMPLETED' && status !== 'CANCELLED';

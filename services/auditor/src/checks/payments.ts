import type { Books, Schema } from '../books.ts';
import type { Violation } from '../check.ts';
import { acrossSchemas, isOpen, type OrderRow } from './across.ts';
import { answersHeard, HISTORY_OF } from './timeline.ts';

export const paidExactlyOnce = acrossSchemas(
  'orders.paid-exactly-once',
  'A completed order has exactly one payment of exactly its total; a cancelled one nets to nothing; nobody but its buyer pays, and nothing else is paid for.',
  async ({ books, strict }, { orders, byId, within }) => {
    const { sql, params } = within('cause_id');
    const rows = await books.wallet.query<{ id: string; net: number; payments: number; payers: string }>(
      `SELECT cause_id AS id, SUM(amount) AS net, SUM(type = 'PAYMENT') AS payments, GROUP_CONCAT(DISTINCT user_id SEPARATOR ' and ') AS payers
         FROM ledger WHERE type <> 'CHARGE'${sql} GROUP BY cause_id`,
      params,
    );
    const paid = new Map(rows.map(({ id, net, payments, payers }) => [id, { net: Number(net), payments: Number(payments), payers }]));
    const violations: Violation[] = [];
    for (const order of orders) {
      const { net, payments } = paid.get(order.id) ?? { net: 0, payments: 0 };
      const expected = order.total === 0 ? 0 : 1;
      if (order.status === 'COMPLETED' && (payments !== expected || net !== -order.total))
        violations.push({ id: order.id, message: `completed with a total of ${order.total}, but ${payments} payments, net ${net}` });
      if (order.status === 'CANCELLED' && net !== 0) violations.push({ id: order.id, message: `cancelled, but net ${net}` });
      if (strict && isOpen(order) && payments > 0) violations.push({ id: order.id, message: `paid, but ${order.status}` });
    }
    for (const [id, { net, payers }] of paid) {
      const buyer = byId.get(id)?.userId;
      if (buyer === undefined) violations.push({ id, message: `paid ${-net} for an order that does not exist` });
      else if (payers !== buyer) violations.push({ id, message: `an order of user ${buyer}, but paid from the wallet of ${payers}` });
    }
    return violations;
  },
);

/** How often of each order: debits that its saga heard of (undefined: its history cannot be read), that the wallet has answered, and payments in the ledger. */
interface Debits {
  readonly heard: number | undefined;
  readonly answered: number;
  readonly payments: number;
}

/** What is wrong with the debits of an order, which may not exist at all; undefined when nothing is. */
const wrongDebits = (order: OrderRow | undefined, { heard, answered, payments }: Debits, strict: boolean): string | undefined => {
  if (order === undefined) return answered > 0 && payments === 0 ? 'a debit was answered for an order that does not exist' : undefined;
  if (heard !== undefined && heard > 1) return `its saga heard of ${heard} debits`;
  const isFree = order.total === 0; // an amount of 0 is answered, and leaves no entry
  if (!isFree && heard === 1 && payments === 0) return 'its saga heard of a debit that is not in the ledger';
  if (!isFree && answered > 0 && payments === 0) return 'the wallet has answered a debit that is not in the ledger';
  if (heard === 0 && order.status === 'COMPLETED') return 'completed, but its saga has not heard of a debit';
  if (heard === 0 && payments > 0 && (strict || !isOpen(order))) return `${order.status} and paid, but its saga has not heard of the debit`;
  return undefined;
};

/** Rows `(id, n)` of a statement, by id. */
const countsOf = async (book: Books[Schema], sql: string, params: readonly unknown[]): Promise<Map<string, number | undefined>> =>
  new Map((await book.query<{ id: string; n: number | null }>(sql, params)).map(({ id, n }) => [id, n === null ? undefined : Number(n)]));

export const debitHeard = acrossSchemas(
  'orders.debit-heard',
  'A debit that a saga heard of, or that the wallet has answered, is a payment in the ledger; the saga of a paid order has heard of it, once.',
  async ({ books, strict }, { orders, byId, within, commandsWithin }) => {
    const [ofOrder, ofCause, ofCommand] = [within(HISTORY_OF), within('cause_id'), commandsWithin('id')];
    const [heard, answered, payments] = await Promise.all([
      countsOf(books.orders, answersHeard('WalletDebited', ofOrder.sql), ofOrder.params),
      countsOf(
        books.wallet,
        `SELECT SUBSTRING_INDEX(id, '/', 1) AS id, COUNT(*) AS n FROM inbox
          WHERE reply_type = 'jumun.wallet.v1.WalletDebited'${ofCommand.sql} GROUP BY SUBSTRING_INDEX(id, '/', 1)`,
        ofCommand.params,
      ),
      countsOf(
        books.wallet,
        `SELECT cause_id AS id, COUNT(*) AS n FROM ledger WHERE type = 'PAYMENT'${ofCause.sql} GROUP BY cause_id`,
        ofCause.params,
      ),
    ]);
    return [...new Set([...orders.map(({ id }) => id), ...answered.keys()])].flatMap((id) => {
      const debits = {
        heard: heard.has(id) ? heard.get(id) : 0,
        answered: answered.get(id) ?? 0,
        payments: payments.get(id) ?? 0,
      };
      const message = wrongDebits(byId.get(id), debits, strict);
      return message === undefined ? [] : [{ id, message }];
    });
  },
);

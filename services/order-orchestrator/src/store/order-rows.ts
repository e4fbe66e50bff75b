import { refusals } from '@jumun/protos';
import type { SagaChange } from '@jumun/saga';
import type { Tx } from '@jumun/service-kit';
import { refusalOf } from '../order-message.ts';
import type { PlacedOrder } from '../order.ts';
import { sqlTimeOrNull } from './sql-time.ts';

/** Takes orders to their end, each row where it lies: nothing in it grows. A debit that was told without its time leaves `paid_at` at never. */
export const COMPLETE_ORDERS = `
  UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
           id CHAR(36) CHARACTER SET ascii PATH '$[0]', paid_at DATETIME(3) PATH '$[1]', completed_at DATETIME(3) PATH '$[2]')) j
  STRAIGHT_JOIN orders o FORCE INDEX (PRIMARY) ON o.id = j.id
     SET o.status = 'COMPLETED', o.payment_status = 'SUCCESS', o.paid_at = COALESCE(j.paid_at, o.paid_at), o.completed_at = j.completed_at`;
/** The same of those that were refused. Apart, and rare: with a column of any length the server keeps the derived table's rows in a slower way. */
export const CANCEL_ORDERS = `
  UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
           id CHAR(36) CHARACTER SET ascii PATH '$[0]', cancelled_at DATETIME(3) PATH '$[1]', reason JSON PATH '$[2].reason')) j
  STRAIGHT_JOIN orders o FORCE INDEX (PRIMARY) ON o.id = j.id
     SET o.status = 'CANCELLED', o.payment_status = 'FAILED', o.cancelled_at = j.cancelled_at, o.reason = j.reason`;

/** A row for `COMPLETE_ORDERS`. */
export const completedOrder = ({ id, after }: SagaChange): unknown[] => [
  id,
  sqlTimeOrNull((after.data as PlacedOrder).paidAt),
  sqlTimeOrNull(after.endedAt),
];

/** A row for `CANCEL_ORDERS`. */
export const cancelledOrder = ({ id, after: { endedAt, reason } }: SagaChange): unknown[] => [
  id,
  sqlTimeOrNull(endedAt),
  { reason: reason && refusals.Refusal.toJSON(refusalOf(reason)) },
];

/** Writes the orders whose sagas these moves have ended. No other move is an order's: while it is open its saga says how it stands (`readOrders`). */
export const endOrders = async (tx: Tx, changes: readonly SagaChange[]): Promise<void> => {
  const ended = (outcome: string) => changes.filter(({ end }) => end?.outcome === outcome);
  const write = (sql: string, rows: unknown[][]) => (rows.length === 0 ? undefined : tx.execute(sql, [JSON.stringify(rows)]));
  await Promise.all([
    write(COMPLETE_ORDERS, ended('completed').map(completedOrder)),
    write(CANCEL_ORDERS, ended('refused').map(cancelledOrder)),
  ]);
};

import { refusals } from '@jumun/protos';
import type { SagaChange } from '@jumun/saga';
import { refusalOf } from '../order-message.ts';
import type { PlacedOrder } from '../order.ts';
import { statusOf } from '../place-order.ts';
import { sqlTimeOrNull } from './sql-time.ts';

/** Takes orders to where their sagas have gone. */
export const UPDATE_ORDERS = `
  UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
           id CHAR(36) CHARACTER SET ascii PATH '$[0]', status VARCHAR(16) CHARACTER SET ascii PATH '$[1]',
           payment_status VARCHAR(16) CHARACTER SET ascii PATH '$[2]', paid_at DATETIME(3) PATH '$[3]', completed_at DATETIME(3) PATH '$[4]',
           cancelled_at DATETIME(3) PATH '$[5]', reason JSON PATH '$[6].reason')) j
  STRAIGHT_JOIN orders o FORCE INDEX (PRIMARY) ON o.id = j.id
     SET o.status = j.status, o.payment_status = j.payment_status, o.paid_at = j.paid_at, o.completed_at = j.completed_at,
         o.cancelled_at = j.cancelled_at, o.reason = j.reason`;

/** A row for `UPDATE_ORDERS`. A payment is written with the end that follows it; until then the saga's data tells of it (`readOrders`). */
export const changedOrder = ({ id, after }: SagaChange): unknown[] => {
  const { paidAt } = after.data as PlacedOrder;
  const status = statusOf(after);
  const isCancelled = status === 'CANCELLED';
  const payment = isCancelled ? 'FAILED' : status === 'COMPLETED' ? 'SUCCESS' : 'PENDING';
  const reason = isCancelled && after.reason !== undefined ? refusals.Refusal.toJSON(refusalOf(after.reason)) : undefined;
  const at = sqlTimeOrNull(after.endedAt);
  return [id, status, payment, sqlTimeOrNull(paidAt), status === 'COMPLETED' ? at : null, isCancelled ? at : null, { reason }];
};

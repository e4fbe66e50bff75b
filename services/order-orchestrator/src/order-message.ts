import { orders, refusal, type RefusalKind, type refusals } from '@jumun/protos';
import type { Reason, SagaChange } from '@jumun/saga';
import type { OrderStatus, PlacedOrder } from './order.ts';

/** The refusal behind a saga's reason: its code is the refusal's name in UPPER_SNAKE_CASE, its details the refusal's data. */
export const refusalOf = ({ code, details }: Reason): refusals.Refusal => {
  const kind = code.toLowerCase().replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()) as RefusalKind;
  return refusal(kind, (details ?? {}) as never);
};

export interface Ended {
  readonly status: OrderStatus;
  readonly paymentStatus: 'PENDING' | 'SUCCESS' | 'FAILED';
  readonly reason?: refusals.Refusal;
  readonly completedAt?: number;
  readonly cancelledAt?: number;
}

const dateOf = (ms: number | undefined): Date | undefined => (ms === undefined ? undefined : new Date(ms));

/** The order as events tell it. */
export const orderMessage = (order: PlacedOrder, { status, paymentStatus, reason, completedAt, cancelledAt }: Ended): orders.Order =>
  orders.Order.fromPartial({
    id: order.id,
    userId: order.userId,
    status: orders.OrderStatus[status],
    reason,
    paymentMode: orders.PaymentMode.IMMEDIATE,
    lines: [...order.lines],
    subtotal: order.subtotal,
    discount: order.discount,
    total: order.total,
    couponId: order.couponId,
    paymentStatus: orders.PaymentStatus[paymentStatus],
    paidAt: dateOf(order.paidAt),
    createdAt: new Date(order.createdAt),
    completedAt: dateOf(completedAt),
    cancelledAt: dateOf(cancelledAt),
  });

/** How the saga ends; `finalEvent` adds the version, which only its row knows. */
export const orderCompleted = (order: PlacedOrder, completedAt: number): orders.OrderCompleted =>
  orders.OrderCompleted.fromPartial({ order: orderMessage(order, { status: 'COMPLETED', paymentStatus: 'SUCCESS', completedAt }) });

export const orderCancelled = (order: PlacedOrder, reason: Reason, cancelledAt: number): orders.OrderCancelled =>
  orders.OrderCancelled.fromPartial({
    order: orderMessage(order, { status: 'CANCELLED', paymentStatus: 'FAILED', reason: refusalOf(reason), cancelledAt }),
  });

export type FinalEvent = orders.OrderCompleted | orders.OrderCancelled;

/** The event of the move that ends a saga, with the version that the move gives to the row; null for any other move. */
export const finalEvent = ({ rowVersion, end }: SagaChange): FinalEvent | null =>
  end === null ? null : { ...(end.event as FinalEvent), version: rowVersion + 1 };

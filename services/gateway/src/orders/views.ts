import { enumName, orders } from '@jumun/protos';
import type { Static } from '../http/schema.ts';
import { refusalMembers } from '../problems/problem.ts';
import { timeOf } from '../upstream/answers.ts';
import type { order, timeline } from './schemas.ts';

type OrderAnswer = Static<typeof order>;

/** An order as its buyer sees it. */
export const orderView = (from: orders.Order): OrderAnswer => ({
  id: from.id,
  status: enumName(orders.OrderStatus, from.status) as OrderAnswer['status'],
  reason: from.reason && refusalMembers(from.reason),
  paymentMode: enumName(orders.PaymentMode, from.paymentMode) as OrderAnswer['paymentMode'],
  items: from.lines, // the answer's schema takes what it names
  subtotal: from.subtotal,
  discount: from.discount,
  total: from.total,
  refunded: from.refunded,
  couponId: from.couponId,
  payment: {
    status: enumName(orders.PaymentStatus, from.paymentStatus) as OrderAnswer['payment']['status'],
    paidAt: from.paidAt?.toISOString(),
  },
  createdAt: timeOf(from.createdAt),
  completedAt: from.completedAt?.toISOString(),
  cancelledAt: from.cancelledAt?.toISOString(),
});

export const timelineView = (items: readonly orders.TimelineEntry[]): Static<typeof timeline> => ({
  items: items.map(({ at, source, kind, detailJson }) => ({
    at: timeOf(at),
    source,
    kind,
    detail: JSON.parse(detailJson === '' ? '{}' : detailJson) as Record<string, unknown>,
  })),
});

import { badCursor, enumName, orders, type refusals } from '@jumun/protos';
import { decodeCursor, type Database, pageOf } from '@jumun/service-kit';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { readOrders } from '../store/orders.ts';
import { readTimeline } from '../store/timeline.ts';

/** One order of this user; somebody else's does not exist. */
export const getOrder = async (db: Database, { orderId, userId }: orders.GetOrderRequest): Promise<orders.GetOrderResponse> => {
  const order = (await readOrders(db, [orderId])).get(orderId);
  return orders.GetOrderResponse.fromPartial({ order: order?.userId === userId ? order : undefined });
};

/** A user's orders, newest first. */
export const listOrders = async (
  { db, prisma }: { db: Database; prisma: PrismaClient },
  { userId, status, limit, cursor }: orders.ListOrdersRequest,
): Promise<orders.OrderPage | { refused: refusals.Refusal }> => {
  const from = cursor === '' ? null : decodeCursor(cursor);
  if (cursor !== '' && from === null) return { refused: badCursor };
  const rows = await prisma.order.findMany({
    select: { id: true, createdAt: true },
    where: {
      userId,
      ...(status !== undefined && { status: enumName(orders.OrderStatus, status) }),
      ...(from !== null && { OR: [{ createdAt: { lt: from.at } }, { createdAt: from.at, id: { lt: from.id } }] }),
    },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: limit + 1,
  });
  const { items, nextCursor } = pageOf(rows, limit, ({ createdAt, id }) => ({ at: createdAt, id }));
  const found = await readOrders(
    db,
    items.map(({ id }) => id),
  );
  return orders.OrderPage.fromPartial({ items: items.flatMap(({ id }) => found.get(id) ?? []), nextCursor });
};

/** What happened to an order of this user, oldest first. */
export const getTimeline = async (
  { db, prisma }: { db: Database; prisma: PrismaClient },
  { orderId, userId }: orders.GetTimelineRequest,
): Promise<orders.GetTimelineResponse> => {
  const order = await prisma.order.findFirst({ select: { id: true }, where: { id: orderId, userId } });
  if (order === null) return orders.GetTimelineResponse.fromPartial({ known: false });
  const entries = await readTimeline(db, orderId);
  return orders.GetTimelineResponse.fromPartial({
    known: true,
    items: entries.map(({ at, source, kind, detail }) => ({ at: new Date(at), source, kind, detailJson: JSON.stringify(detail) })),
  });
};

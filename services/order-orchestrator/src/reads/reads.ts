import { badCursor, enumName, orders, type refusals } from '@jumun/protos';
import { type Cursor, decodeCursor, type Database, pageOf } from '@jumun/service-kit';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { listOpen, readOrders } from '../store/orders.ts';
import { readTimeline } from '../store/timeline.ts';

/** One order of this user; somebody else's does not exist. */
export const getOrder = async (db: Database, { orderId, userId }: orders.GetOrderRequest): Promise<orders.GetOrderResponse> => {
  const order = (await readOrders(db, [orderId])).get(orderId);
  return orders.GetOrderResponse.fromPartial({ order: order?.userId === userId ? order : undefined });
};

interface ReadParts {
  readonly db: Database;
  readonly prisma: PrismaClient;
}

interface Listed {
  readonly userId: string;
  readonly status: orders.Order['status'] | undefined;
  readonly from: Cursor | null;
  readonly limit: number;
}

/** Where to find a user's orders, newest first. */
const find = async ({ db, prisma }: ReadParts, { userId, status, from, limit }: Listed): Promise<{ id: string; createdAt: Date }[]> => {
  const name = status && enumName(orders.OrderStatus, status);
  if (name !== undefined && name !== 'COMPLETED' && name !== 'CANCELLED') return listOpen(db, { userId, status: name, from, limit });
  return prisma.order.findMany({
    select: { id: true, createdAt: true },
    where: {
      userId,
      status: name,
      ...(from !== null && { OR: [{ createdAt: { lt: from.at } }, { createdAt: from.at, id: { lt: from.id } }] }),
    },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: limit,
  });
};

const LIST = 'orders';

/** A user's orders, newest first. One that takes another status while it is read is left out of a list by status: the page is shorter then. */
export const listOrders = async (
  parts: ReadParts,
  { userId, status, limit, cursor }: orders.ListOrdersRequest,
): Promise<orders.OrderPage | { refused: refusals.Refusal }> => {
  const from = cursor === '' ? null : decodeCursor(LIST, cursor);
  if (cursor !== '' && from === null) return { refused: badCursor };
  const rows = await find(parts, { userId, status, from, limit: limit + 1 });
  const { items, nextCursor } = pageOf(LIST, rows, limit, ({ createdAt, id }) => ({ at: createdAt, id }));
  const found = await readOrders(
    parts.db,
    items.map(({ id }) => id),
  );
  const read = items.flatMap(({ id }) => found.get(id) ?? []);
  return orders.OrderPage.fromPartial({ items: status === undefined ? read : read.filter((order) => order.status === status), nextCursor });
};

/** What happened to an order of this user, oldest first. */
export const getTimeline = async (
  { db, prisma }: ReadParts,
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

import { catalog } from '@jumun/protos';
import type { Prisma } from '../generated/prisma/client.ts';

/** A product with everything that is shown of it. */
export const withOptions = { options: { orderBy: { position: 'asc' }, include: { stock: true } } } satisfies Prisma.ProductInclude;
export type ProductRow = Prisma.ProductGetPayload<{ include: typeof withOptions }>;

/** SOLD_OUT is never stored: it is being on sale with nothing left of any option. */
const statusOf = (stored: string, stock: number): catalog.ProductStatus => {
  if (stored === 'ON_SALE') return stock === 0 ? catalog.ProductStatus.SOLD_OUT : catalog.ProductStatus.ON_SALE;
  return stored === 'SUSPENDED' ? catalog.ProductStatus.SUSPENDED : catalog.ProductStatus.PREPARING;
};

export const toProduct = (row: ProductRow): catalog.Product => {
  const options = row.options.map(({ id, name, price, stock }) => {
    const available = Number(stock?.available ?? 0);
    const reserved = Number(stock?.reserved ?? 0);
    return { id, name, price: Number(price ?? row.price), stock: available, onHand: available + reserved, reserved };
  });
  const stock = options.reduce((sum, option) => sum + option.stock, 0);
  return catalog.Product.fromPartial({
    id: row.id,
    name: row.name,
    description: row.description ?? undefined,
    category: row.category ?? undefined,
    price: Number(row.price),
    status: statusOf(row.status, stock),
    stock,
    options,
    version: Number(row.version),
    createdAt: row.createdAt,
  });
};

import { catalog } from '@jumun/protos';
import type { Prisma } from '../generated/prisma/client.ts';

const { ProductStatus } = catalog;

/** A product with everything that is shown of it. */
export const withOptions = {
  options: { orderBy: { position: 'asc' }, include: { stock: { select: { available: true, reserved: true } } } },
} satisfies Prisma.ProductInclude;

interface Units {
  readonly available: number | bigint;
  readonly reserved: number | bigint;
}

/** What is shown of a product, as its rows have it. */
export interface ProductRow {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly category: string | null;
  readonly price: number | bigint;
  readonly status: string;
  readonly version: number | bigint;
  readonly createdAt: Date;
  readonly options: readonly {
    readonly id: string;
    readonly name: string;
    readonly price: number | bigint | null;
    readonly stock: Units | null;
  }[];
}

/** SOLD_OUT is never stored: it is being on sale with nothing left of any option. */
const statusOf = (stored: string, stock: number): catalog.ProductStatus => {
  if (stored === 'ON_SALE') return stock === 0 ? ProductStatus.SOLD_OUT : ProductStatus.ON_SALE;
  return stored === 'SUSPENDED' ? ProductStatus.SUSPENDED : ProductStatus.PREPARING;
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

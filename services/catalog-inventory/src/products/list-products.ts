import { catalog } from '@jumun/protos';
import type { Prisma, PrismaClient } from '../generated/prisma/client.ts';
import { toProduct, withOptions } from './product.ts';

const { ProductStatus, ProductSort } = catalog;

const IN_STOCK = { options: { some: { stock: { available: { gt: 0 } } } } } satisfies Prisma.ProductWhereInput;

/** The stored rows behind a status that is asked for. */
const byStatus = (status: catalog.ProductStatus | undefined): Prisma.ProductWhereInput => {
  switch (status) {
    case ProductStatus.ON_SALE:
      return { status: 'ON_SALE', ...IN_STOCK };
    case ProductStatus.SOLD_OUT:
      return { status: 'ON_SALE', NOT: IN_STOCK };
    case ProductStatus.SUSPENDED:
      return { status: 'SUSPENDED' };
    case ProductStatus.PREPARING:
      return { status: 'PREPARING' };
    default:
      return {};
  }
};

const ORDER: Record<catalog.ProductSort, Prisma.ProductOrderByWithRelationInput[]> = {
  [ProductSort.UNSPECIFIED]: [{ createdAt: 'desc' }, { id: 'desc' }],
  [ProductSort.CREATED_AT]: [{ createdAt: 'asc' }, { id: 'asc' }],
  [ProductSort.CREATED_AT_DESC]: [{ createdAt: 'desc' }, { id: 'desc' }],
  [ProductSort.PRICE]: [{ price: 'asc' }, { id: 'asc' }],
  [ProductSort.PRICE_DESC]: [{ price: 'desc' }, { id: 'desc' }],
  [ProductSort.NAME]: [{ name: 'asc' }, { id: 'asc' }],
  [ProductSort.NAME_DESC]: [{ name: 'desc' }, { id: 'desc' }],
};

/** A page of products. Deleted ones are never shown, those in preparation to administrators alone. */
export const listProducts = async (
  prisma: PrismaClient,
  { page, size, status, category, query, sort, includePreparing }: catalog.ListProductsRequest,
): Promise<catalog.ListProductsResponse> => {
  const where: Prisma.ProductWhereInput = {
    AND: [
      { deletedAt: null },
      includePreparing ? {} : { status: { not: 'PREPARING' } },
      byStatus(status),
      category === undefined ? {} : { category },
      query === undefined ? {} : { name: { contains: query.replace(/[\\%_]/g, '\\$&') } },
    ],
  };
  const [rows, total] = await Promise.all([
    prisma.product.findMany({ where, orderBy: ORDER[sort], skip: (page - 1) * size, take: size, include: withOptions }),
    prisma.product.count({ where }),
  ]);
  return catalog.ListProductsResponse.fromPartial({ items: rows.map(toProduct), total });
};

export const getProduct = async (
  prisma: PrismaClient,
  { productId, includePreparing }: catalog.GetProductRequest,
): Promise<catalog.GetProductResponse> => {
  const row = await prisma.product.findUnique({ where: { id: productId }, include: withOptions });
  const hidden = row === null || row.deletedAt !== null || (row.status === 'PREPARING' && !includePreparing);
  return catalog.GetProductResponse.fromPartial({ product: hidden ? undefined : toProduct(row) });
};

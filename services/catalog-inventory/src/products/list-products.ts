import { catalog } from '@jumun/protos';
import { canBeId, type Database } from '@jumun/service-kit';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { type PageQuestion, readPage, type StoredStatus } from '../store/product-pages.ts';
import { toProduct, withOptions } from './product.ts';

const { ProductStatus, ProductSort } = catalog;

export interface Reader {
  readonly db: Database;
  readonly prisma: PrismaClient;
}

const EVERYBODY_SEES: readonly StoredStatus[] = ['ON_SALE', 'SUSPENDED'];

/** The stored rows behind a status that is asked for; null where the caller may not see them. */
const behind = (
  status: catalog.ProductStatus | undefined,
  includePreparing: boolean,
): Pick<PageQuestion, 'statuses' | 'inStock'> | null => {
  switch (status) {
    case ProductStatus.ON_SALE:
      return { statuses: ['ON_SALE'], inStock: true };
    case ProductStatus.SOLD_OUT:
      return { statuses: ['ON_SALE'], inStock: false };
    case ProductStatus.SUSPENDED:
      return { statuses: ['SUSPENDED'] };
    case ProductStatus.PREPARING:
      return includePreparing ? { statuses: ['PREPARING'] } : null;
    default:
      return { statuses: includePreparing ? [...EVERYBODY_SEES, 'PREPARING'] : EVERYBODY_SEES };
  }
};

const ORDER: Readonly<Record<catalog.ProductSort, Pick<PageQuestion, 'order' | 'descending'>>> = {
  [ProductSort.UNSPECIFIED]: { order: 'createdAt', descending: true },
  [ProductSort.CREATED_AT]: { order: 'createdAt', descending: false },
  [ProductSort.CREATED_AT_DESC]: { order: 'createdAt', descending: true },
  [ProductSort.PRICE]: { order: 'price', descending: false },
  [ProductSort.PRICE_DESC]: { order: 'price', descending: true },
  [ProductSort.NAME]: { order: 'name', descending: false },
  [ProductSort.NAME_DESC]: { order: 'name', descending: true },
};

/** A page of products. Deleted ones are never shown, those in preparation to administrators alone. */
export const listProducts = async (
  { db, prisma }: Reader,
  { page, size, status, category, query, sort, includePreparing }: catalog.ListProductsRequest,
): Promise<catalog.ListProductsResponse> => {
  const rowsOf = behind(status, includePreparing);
  if (rowsOf === null) return catalog.ListProductsResponse.fromPartial({ total: 0 });
  const window = { limit: size, offset: (page - 1) * size };
  const { ids, total } = await readPage(db, { ...rowsOf, category, part: query, ...ORDER[sort], ...window });
  const rows = ids.length === 0 ? [] : await prisma.product.findMany({ where: { id: { in: ids } }, include: withOptions });
  const byId = new Map(rows.map((row) => [row.id, row]));
  const shown = ids.flatMap((id) => byId.get(id) ?? []); // one that was deleted between the two reads is left out
  return catalog.ListProductsResponse.fromPartial({ items: shown.map(toProduct), total });
};

/** A product with its description; none for one that is deleted, or in preparation and asked for by a customer. */
export const getProduct = async (
  { prisma }: Pick<Reader, 'prisma'>,
  { productId, includePreparing }: catalog.GetProductRequest,
): Promise<catalog.GetProductResponse> => {
  const row = canBeId(productId) ? await prisma.product.findUnique({ where: { id: productId }, include: withOptions }) : null;
  const hidden = row === null || row.deletedAt !== null || (row.status === 'PREPARING' && !includePreparing);
  return catalog.GetProductResponse.fromPartial({ product: hidden ? undefined : toProduct(row) });
};

import type { catalog } from '@jumun/protos';
import type { Database } from '@jumun/service-kit';
import { readShelf } from '../store/shelf.ts';
import { quoteBasket } from './quote.ts';

/**
 * Quotes many baskets with one look at the shelf: a statement for options that are named, one for products that are. Never from a cache: a stale
 * one would refuse wrongly.
 */
export const quoteBaskets = async (
  db: Pick<Database, 'query'>,
  { baskets }: catalog.QuoteBasketsRequest,
): Promise<catalog.QuoteBasketsResponse> => {
  const products = new Set<string>();
  const options = new Set<string>();
  for (const { lines } of baskets)
    for (const { productId, optionId } of lines)
      if (optionId === '') products.add(productId);
      else options.add(optionId);
  const shelf = await readShelf(db, products, options);
  return { $type: 'jumun.catalog.v1.QuoteBasketsResponse', quotes: baskets.map((basket) => quoteBasket(shelf, basket)) };
};

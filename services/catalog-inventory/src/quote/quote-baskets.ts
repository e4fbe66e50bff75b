import { catalog } from '@jumun/protos';
import type { Database } from '@jumun/service-kit';
import { readShelf } from '../store/shelf.ts';
import { quoteBasket } from './quote.ts';

/** Quotes many baskets with one look at the shelf. Never from a cache: a stale one would refuse wrongly. */
export const quoteBaskets = async (db: Database, { baskets }: catalog.QuoteBasketsRequest): Promise<catalog.QuoteBasketsResponse> => {
  const lines = baskets.flatMap((basket) => basket.lines);
  const shelf = await readShelf(
    db,
    lines.filter(({ optionId }) => optionId === '').map(({ productId }) => productId),
    lines.map(({ optionId }) => optionId).filter((id) => id !== ''),
  );
  return { $type: 'jumun.catalog.v1.QuoteBasketsResponse', quotes: baskets.map((basket) => quoteBasket(shelf, basket)) };
};

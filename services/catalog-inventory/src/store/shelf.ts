import { type Database, isId } from '@jumun/service-kit';
import type { QuotableOption, Shelf } from '../quote/quote.ts';

// Both ways of naming what is wanted, in one statement: by product, by option. The products of named options come with all of theirs.
export const READ_SHELF = `
  SELECT p.id AS productId, o.id AS optionId, p.name AS productName, o.name AS optionName, COALESCE(o.price, p.price) AS price, p.status, s.available
    FROM (SELECT j.id FROM JSON_TABLE(?, '$[*]' COLUMNS (id CHAR(36) CHARACTER SET ascii PATH '$')) j
           UNION
          SELECT named.product_id FROM JSON_TABLE(?, '$[*]' COLUMNS (id CHAR(36) CHARACTER SET ascii PATH '$')) j
            STRAIGHT_JOIN product_options named FORCE INDEX (PRIMARY) ON named.id = j.id) wanted
    STRAIGHT_JOIN products p FORCE INDEX (PRIMARY) ON p.id = wanted.id
    STRAIGHT_JOIN product_options o FORCE INDEX (product_options_product) ON o.product_id = p.id
    STRAIGHT_JOIN stock s FORCE INDEX (PRIMARY) ON s.option_id = o.id
   WHERE p.deleted_at IS NULL`;

const NONE: readonly QuotableOption[] = [];

/** What is for sale of the given products and options, read from the truth. */
export const readShelf = async (
  db: Pick<Database, 'query'>,
  productIds: ReadonlySet<string>,
  optionIds: ReadonlySet<string>,
): Promise<Shelf> => {
  const json = (ids: ReadonlySet<string>): string => JSON.stringify([...ids].filter(isId));
  const rows = await db.query<QuotableOption>(READ_SHELF, [json(productIds), json(optionIds)]);
  const options = new Map<string, QuotableOption>();
  const byProduct = new Map<string, QuotableOption[]>();
  for (const row of rows) {
    options.set(row.optionId, row);
    const siblings = byProduct.get(row.productId);
    if (siblings === undefined) byProduct.set(row.productId, [row]);
    else siblings.push(row);
  }
  return { option: (id) => options.get(id), ofProduct: (id) => byProduct.get(id) ?? NONE };
};

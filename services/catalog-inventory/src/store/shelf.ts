import type { Database } from '@jumun/service-kit';
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
   WHERE p.deleted_at IS NULL
   ORDER BY o.product_id, o.position`;

/** Ids that are longer than an id can be name nothing; cut off by a column they might name something else. */
const ID_LENGTH = 36;
const ids = (given: readonly string[]): string => JSON.stringify([...new Set(given)].filter(({ length }) => length === ID_LENGTH));

/** What is for sale of the given products and options. */
export const readShelf = async (
  db: Pick<Database, 'query'>,
  productIds: readonly string[],
  optionIds: readonly string[],
): Promise<Shelf> => {
  const rows = await db.query<Omit<QuotableOption, 'siblings'>>(READ_SHELF, [ids(productIds), ids(optionIds)]);
  const byProduct = Map.groupBy(rows, ({ productId }) => productId);
  const options = new Map(rows.map((row) => [row.optionId, { ...row, siblings: byProduct.get(row.productId)?.length ?? 1 }]));
  return {
    option: (id) => options.get(id),
    ofProduct: (id) => (byProduct.get(id) ?? []).flatMap(({ optionId }) => options.get(optionId) ?? []),
  };
};

import { canBeId, type Database } from '@jumun/service-kit';
import type { QuotableOption, Shelf } from '../quote/quote.ts';

const COLUMNS = `
         p.id AS productId, o.id AS optionId, p.name AS productName, o.name AS optionName, COALESCE(o.price, p.price) AS price, p.status, s.available,
         p.option_count AS siblings`;

/** The options that are named. */
export const READ_OPTIONS = `
  SELECT ${COLUMNS}
    FROM product_options o FORCE INDEX (PRIMARY)
    STRAIGHT_JOIN products p FORCE INDEX (PRIMARY) ON p.id = o.product_id
    STRAIGHT_JOIN stock s FORCE INDEX (PRIMARY) ON s.option_id = o.id
   WHERE o.id IN (?) AND p.deleted_at IS NULL`;

/** All options of the products that are named by themselves. */
export const READ_OPTIONS_OF = `
  SELECT ${COLUMNS}
    FROM products p FORCE INDEX (PRIMARY)
    STRAIGHT_JOIN product_options o FORCE INDEX (product_options_product) ON o.product_id = p.id
    STRAIGHT_JOIN stock s FORCE INDEX (PRIMARY) ON s.option_id = o.id
   WHERE p.id IN (?) AND p.deleted_at IS NULL`;

const NONE: readonly QuotableOption[] = [];

/** What is for sale of the given products and options, read from the truth. */
export const readShelf = async (
  db: Pick<Database, 'query'>,
  productIds: ReadonlySet<string>,
  optionIds: ReadonlySet<string>,
): Promise<Shelf> => {
  const read = (statement: string, ids: ReadonlySet<string>): Promise<QuotableOption[]> => {
    const some = [...ids].filter(canBeId);
    return some.length === 0 ? Promise.resolve([]) : db.query<QuotableOption>(statement, [some]);
  };
  const [named, ofProducts] = await Promise.all([read(READ_OPTIONS, optionIds), read(READ_OPTIONS_OF, productIds)]);
  const options = new Map([...named, ...ofProducts].map((option) => [option.optionId, option]));
  const byProduct = Map.groupBy(ofProducts, ({ productId }) => productId);
  return { option: (id) => options.get(id), ofProduct: (id) => byProduct.get(id) ?? NONE };
};

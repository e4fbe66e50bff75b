import type { Database } from '@jumun/service-kit';

export type StoredStatus = 'PREPARING' | 'ON_SALE' | 'SUSPENDED';
export type ProductOrder = 'createdAt' | 'price' | 'name';

export interface PageQuestion {
  readonly statuses: readonly StoredStatus[];
  /** Whether some option must be, or no option may be, available. */
  readonly inStock?: boolean | undefined;
  readonly category?: string | undefined;
  /** Part of the name. */
  readonly part?: string | undefined;
  readonly order: ProductOrder;
  readonly descending: boolean;
  readonly limit: number;
  readonly offset: number;
}

/** The index that has the rows in the asked order already, so that a page reads what it shows and no more. */
const INDEX: Readonly<Record<ProductOrder, { readonly name: string; readonly column: string }>> = {
  createdAt: { name: 'products_created_at', column: 'created_at' },
  price: { name: 'products_price', column: 'price' },
  name: { name: 'products_name', column: 'name' },
};

// A subquery with LIMIT stays what it is, one look-up a row that stops at the first option; an EXISTS would be turned into a scan of all stock.
const AVAILABLE = '(SELECT 1 FROM stock s FORCE INDEX (stock_product) WHERE s.product_id = p.id AND s.available > 0 LIMIT 1)';

const escapeLike = (text: string): string => text.replace(/[\\%_]/g, '\\$&');

const filter = ({ statuses, inStock, category, part }: PageQuestion): { sql: string; params: unknown[] } => {
  const conditions = ['p.deleted_at IS NULL', 'p.status IN (?)'];
  const params: unknown[] = [statuses];
  if (category !== undefined) {
    conditions.push('p.category = ?');
    params.push(category);
  }
  if (part !== undefined) {
    conditions.push('p.name LIKE ?');
    params.push(`%${escapeLike(part)}%`);
  }
  if (inStock !== undefined) conditions.push(`${AVAILABLE} IS ${inStock ? 'NOT NULL' : 'NULL'}`);
  return { sql: conditions.join(' AND '), params };
};

/** The ids of one page, in order; ties by id. */
export const pageStatement = (question: PageQuestion): { sql: string; params: unknown[] } => {
  const { category, order, descending, limit, offset } = question;
  const index = category !== undefined && order === 'createdAt' ? 'products_category' : INDEX[order].name;
  const way = descending ? 'DESC' : 'ASC';
  const { sql, params } = filter(question);
  return {
    sql: `SELECT p.id FROM products p FORCE INDEX (${index}) WHERE ${sql} ORDER BY p.${INDEX[order].column} ${way}, p.id ${way} LIMIT ? OFFSET ?`,
    params: [...params, limit, offset],
  };
};

/** How many there are on all pages. */
export const countStatement = (question: PageQuestion): { sql: string; params: unknown[] } => {
  const { sql, params } = filter(question);
  return { sql: `SELECT COUNT(*) AS total FROM products p WHERE ${sql}`, params };
};

/** Which products a page shows, and how many there are in all. */
export const readPage = async (db: Pick<Database, 'query'>, question: PageQuestion): Promise<{ ids: string[]; total: number }> => {
  const page = pageStatement(question);
  const count = countStatement(question);
  const [rows, [counted]] = await Promise.all([
    db.query<{ id: string }>(page.sql, page.params),
    db.query<{ total: number }>(count.sql, count.params),
  ]);
  return { ids: rows.map(({ id }) => id), total: counted?.total ?? 0 };
};

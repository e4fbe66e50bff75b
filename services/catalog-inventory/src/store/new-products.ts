import type { Tx } from '@jumun/service-kit';

const INSERT_PRODUCT =
  'INSERT INTO products (id, name, description, category, price, status, option_count, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)';

const OPTIONS = `JSON_TABLE(?, '$[*]' COLUMNS (
           id CHAR(36) CHARACTER SET ascii PATH '$[0]', position FOR ORDINALITY, name VARCHAR(100) PATH '$[1]', price BIGINT PATH '$[2]', stock BIGINT PATH '$[3]')) j`;

const INSERT_OPTIONS = `
  INSERT INTO product_options (id, product_id, position, name, price, created_at)
  SELECT j.id, ?, j.position - 1, j.name, j.price, ? FROM ${OPTIONS}`;

const INSERT_STOCK = `INSERT INTO stock (option_id, product_id, available) SELECT j.id, ?, j.stock FROM ${OPTIONS} ORDER BY j.id`;

/** The first entry of each option's movements; its cause is the option itself. */
const INSERT_INITIAL = `
  INSERT INTO stock_movements (option_id, type, delta, on_hand_after, cause_id, created_at)
  SELECT j.id, 'INITIAL', j.stock, j.stock, j.id, ? FROM ${OPTIONS}`;

export interface NewProduct {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly category: string | null;
  /** Won. */
  readonly price: number;
  readonly status: string;
  readonly createdAt: Date;
  /** In the order in which they are shown; without a price of its own an option costs what its product does. */
  readonly options: readonly { readonly id: string; readonly name: string; readonly price: number | null; readonly stock: number }[];
}

/** A product with all its rows. */
export const insertProduct = (tx: Tx, { id, name, description, category, price, status, createdAt, options }: NewProduct): void => {
  const rows = JSON.stringify(options.map((option) => [option.id, option.name, option.price, option.stock]));
  void tx.execute(INSERT_PRODUCT, [id, name, description, category, price, status, options.length, createdAt]);
  void tx.execute(INSERT_OPTIONS, [id, createdAt, rows]);
  void tx.execute(INSERT_STOCK, [id, rows]);
  void tx.execute(INSERT_INITIAL, [createdAt, rows]);
};

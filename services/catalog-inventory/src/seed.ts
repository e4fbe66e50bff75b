import { newId, openDatabase } from '@jumun/service-kit';

export interface SeededProduct {
  readonly productId: string;
  readonly optionId: string;
  /** Won. */
  readonly price: number;
}

/** Makes `count` products of one option each with `stock` units on hand, as if an administrator had created them. For benches. */
export const seedProducts = async (url: string, count: number, stock: number): Promise<SeededProduct[]> => {
  const products = Array.from({ length: count }, (_, index) => ({
    productId: newId(),
    optionId: newId(),
    price: 1_000 + (index % 50) * 100,
  }));
  const rows = JSON.stringify(
    products.map(({ productId, optionId, price }, index) => [productId, optionId, price, `Load product ${index + 1}`]),
  );
  const columns = `JSON_TABLE(?, '$[*]' COLUMNS (product_id CHAR(36) CHARACTER SET ascii PATH '$[0]', option_id CHAR(36) CHARACTER SET ascii PATH '$[1]', price BIGINT PATH '$[2]', name VARCHAR(100) PATH '$[3]')) j`;
  const db = openDatabase(url, { poolSizeMax: 1 });
  try {
    await db.transaction(async (tx) => {
      void tx.execute(`INSERT INTO products (id, name, price, status) SELECT j.product_id, j.name, j.price, 'ON_SALE' FROM ${columns}`, [
        rows,
      ]);
      void tx.execute(
        `INSERT INTO product_options (id, product_id, position, name) SELECT j.option_id, j.product_id, 0, 'Default' FROM ${columns}`,
        [rows],
      );
      void tx.execute(`INSERT INTO stock (option_id, product_id, available) SELECT j.option_id, j.product_id, ? FROM ${columns}`, [
        stock,
        rows,
      ]);
      void tx.execute(
        `INSERT INTO stock_movements (option_id, type, delta, on_hand_after, cause_id) SELECT j.option_id, 'INITIAL', ?, ?, j.option_id FROM ${columns}`,
        [stock, stock, rows],
      );
    });
  } finally {
    await db.close();
  }
  return products;
};

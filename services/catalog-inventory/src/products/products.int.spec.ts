import { catalog, refusalData } from '@jumun/protos';
import { newId } from '@jumun/service-kit';
import { explain } from '@jumun/testkit';
import { brokenBooks, keyed, newProduct, openShop, put, type Shop } from '../../test/shop.ts';
import { countStatement, type PageQuestion, pageStatement } from '../store/product-pages.ts';
import { createProduct } from './create-product.ts';
import { getProduct, listProducts } from './list-products.ts';

const { ProductStatus, ProductSort } = catalog;
let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
});
afterAll(async () => {
  await shop.close();
});

const list = async (given: Partial<catalog.ListProductsRequest> = {}): Promise<{ names: string[]; total: number }> => {
  const request = catalog.ListProductsRequest.fromPartial({ page: 1, size: 100, ...given });
  const { items, total } = await listProducts(shop, request);
  return { names: items.map(({ name }) => name), total };
};

describe('creating a product', () => {
  it('writes it with its options, their stock and their first movements', async () => {
    const created = await put(shop, {
      name: '녹차',
      description: 'Green',
      category: 'tea',
      price: 5_000,
      options: [
        { name: 'Small', stock: 3 },
        { name: 'Large', price: 9_000, stock: 0 },
      ],
    });
    expect(created).toMatchObject({ name: '녹차', status: ProductStatus.ON_SALE, stock: 3, version: 1 });
    expect(created.options).toMatchObject([
      { name: 'Small', price: 5_000, stock: 3, onHand: 3, reserved: 0 },
      { name: 'Large', price: 9_000, stock: 0, onHand: 0, reserved: 0 },
    ]);
    const { product } = await getProduct(shop, catalog.GetProductRequest.fromPartial({ productId: created.id }));
    expect(product).toEqual(created);
    const movements = await shop.db.query(
      'SELECT type, delta, on_hand_after AS onHand, cause_id = option_id AS own FROM stock_movements WHERE option_id IN (?) ORDER BY id',
      [created.options.map(({ id }) => id)],
    );
    expect(movements).toEqual([
      { type: 'INITIAL', delta: 3, onHand: 3, own: 1 },
      { type: 'INITIAL', delta: 0, onHand: 0, own: 1 },
    ]);
  });

  it('happens once a key, also when called at once', async () => {
    const request = newProduct({ idempotency: { $type: 'jumun.common.v1.IdempotencyKey', ...keyed(newId()) } });
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => createProduct(shop.db, request)));
    const ids = outcomes.map((outcome) => ('effect' in outcome ? outcome.effect.id : undefined));
    expect(new Set(ids).size).toBe(1);
    expect(outcomes.filter((outcome) => 'replayed' in outcome && !outcome.replayed)).toHaveLength(1);
    const [first] = outcomes;
    const replayed = outcomes.find((outcome) => 'replayed' in outcome && outcome.replayed);
    expect('effect' in first! && 'effect' in replayed! && first.effect).toEqual('effect' in replayed! && replayed.effect);
    const other = { ...request, idempotency: { ...request.idempotency!, fingerprint: 'e'.repeat(64) } };
    expect(await createProduct(shop.db, other)).toMatchObject({ refused: { kind: { $case: 'idempotencyKeyReused' } } });
  });

  it('says what a gateway would have refused', async () => {
    const outcome = await createProduct(shop.db, newProduct({ status: ProductStatus.SOLD_OUT, options: [{ name: 'x', stock: -1 }] }));
    expect('refused' in outcome && refusalData(outcome.refused)).toMatchObject({
      code: 'INVALID_REQUEST',
      errors: [{ path: '/status' }, { path: '/options/0/stock' }],
    });
  });
});

describe('the list of products', () => {
  const category = newId();
  beforeAll(async () => {
    const rows: [string, number, number, catalog.ProductStatus][] = [
      ['b', 300, 5, ProductStatus.ON_SALE],
      ['a', 300, 0, ProductStatus.ON_SALE],
      ['c', 100, 1, ProductStatus.SUSPENDED],
      ['d', 200, 1, ProductStatus.PREPARING],
      ['100%_\\', 900, 1, ProductStatus.ON_SALE],
    ];
    for (const [name, price, stock, status] of rows) await put(shop, { name, price, status, category, options: [{ name: 'x', stock }] });
    const gone = await put(shop, { name: 'gone', category });
    await shop.db.execute('UPDATE products SET deleted_at = UTC_TIMESTAMP(3) WHERE id = ?', [gone.id]);
  });

  it('is newest first, without what is deleted or in preparation', async () => {
    expect(await list({ category })).toEqual({ names: ['100%_\\', 'c', 'a', 'b'], total: 4 });
    expect(await list({ category, includePreparing: true })).toMatchObject({ names: ['100%_\\', 'd', 'c', 'a', 'b'], total: 5 });
  });

  it('derives SOLD_OUT from the stock', async () => {
    const { items } = await listProducts(shop, catalog.ListProductsRequest.fromPartial({ page: 1, size: 9, category }));
    const statuses = Object.fromEntries(items.map(({ name, status }) => [name, status]));
    expect(statuses).toMatchObject({ a: ProductStatus.SOLD_OUT, b: ProductStatus.ON_SALE, c: ProductStatus.SUSPENDED });
  });

  it.each([
    [ProductStatus.ON_SALE, ['100%_\\', 'b']],
    [ProductStatus.SOLD_OUT, ['a']],
    [ProductStatus.SUSPENDED, ['c']],
    [ProductStatus.PREPARING, []],
  ])('filters by %s', async (status, names) => {
    expect(await list({ category, status })).toEqual({ names, total: names.length });
  });

  it('shows what is in preparation to administrators who ask for it', async () => {
    expect(await list({ category, status: ProductStatus.PREPARING, includePreparing: true })).toEqual({ names: ['d'], total: 1 });
  });

  it.each([
    [ProductSort.CREATED_AT, ['b', 'a', 'c', '100%_\\']],
    [ProductSort.PRICE, ['c', 'b', 'a', '100%_\\']],
    [ProductSort.PRICE_DESC, ['100%_\\', 'a', 'b', 'c']],
    [ProductSort.NAME, ['100%_\\', 'a', 'b', 'c']],
    [ProductSort.NAME_DESC, ['c', 'b', 'a', '100%_\\']],
  ])('sorts by %s, ties by id', async (sort, names) => {
    expect((await list({ category, sort })).names).toEqual(names);
  });

  it('pages without a gap, and is empty beyond its end', async () => {
    const pages = await Promise.all([1, 2, 3].map((page) => list({ category, sort: ProductSort.PRICE, page, size: 2 })));
    expect(pages.map(({ names }) => names)).toEqual([['c', 'b'], ['a', '100%_\\'], []]);
    expect(pages.map(({ total }) => total)).toEqual([4, 4, 4]);
  });

  it('takes wildcards in a query for what they are', async () => {
    expect((await list({ category, query: '%_\\' })).names).toEqual(['100%_\\']);
    expect((await list({ category, query: '0%' })).names).toEqual(['100%_\\']);
    expect((await list({ category, query: 'zz' })).names).toEqual([]);
  });

  it('knows one emoji from another', async () => {
    const own = newId();
    for (const emoji of ['🍎', '🍊']) await put(shop, { name: `${emoji} ${own}`, category: `${emoji} ${own}` });
    expect(await list({ category: `🍎 ${own}` })).toEqual({ names: [`🍎 ${own}`], total: 1 });
    expect(await list({ query: `🍊 ${own}` })).toEqual({ names: [`🍊 ${own}`], total: 1 });
    expect(await list({ query: `🍇 ${own}` })).toEqual({ names: [], total: 0 });
  });

  it('takes a category as it is written; a query finds names without regard to case and accents', async () => {
    const own = newId();
    for (const name of ['Café', 'ΣΊΓΜΑ', '녹차', '녹자']) await put(shop, { name: `${name} ${own}`, category: `${name} ${own}` });
    const found = async (given: Partial<catalog.ListProductsRequest>): Promise<string[]> =>
      (await list(given)).names.map((name) => name.replace(` ${own}`, ''));
    expect(await found({ category: `Café ${own}` })).toEqual(['Café']);
    for (const other of ['café', 'Cafe', 'CAFÉ']) expect(await found({ category: `${other} ${own}` })).toEqual([]);
    for (const same of ['café', 'cafe', 'CAFÉ', 'fÉ']) expect(await found({ query: `${same} ${own}` })).toEqual(['Café']);
    expect(await found({ query: `σίγμα ${own}` })).toEqual(['ΣΊΓΜΑ']);
    expect(await found({ query: `녹차 ${own}` })).toEqual(['녹차']);
  });

  it('leaves to no server how text for readers is compared and sorted', async () => {
    const rows = await shop.db.query<{ what: string; collation: string }>(`
      SELECT CONCAT(table_name, '.', column_name) AS what, collation_name AS collation FROM information_schema.columns
       WHERE table_schema = DATABASE() AND character_set_name = 'utf8mb4' AND collation_name <> 'utf8mb4_bin'
         AND table_name <> '_prisma_migrations'`);
    expect(Object.fromEntries(rows.map(({ what, collation }) => [what, collation]))).toEqual({
      'products.name': 'utf8mb4_unicode_520_ci',
      'products.description': 'utf8mb4_unicode_520_ci',
      'product_options.name': 'utf8mb4_unicode_520_ci',
      'stock_movements.reason': 'utf8mb4_unicode_520_ci',
    });
  });

  it('hides the detail of what it hides', async () => {
    const { items } = await listProducts(
      shop,
      catalog.ListProductsRequest.fromPartial({ page: 1, size: 1, category, includePreparing: true, status: ProductStatus.PREPARING }),
    );
    const productId = items[0]!.id;
    expect((await getProduct(shop, catalog.GetProductRequest.fromPartial({ productId }))).product).toBeUndefined();
    expect((await getProduct(shop, catalog.GetProductRequest.fromPartial({ productId, includePreparing: true }))).product).toBeDefined();
    for (const id of ['', 'no id', '주문'.repeat(18), newId()])
      expect((await getProduct(shop, catalog.GetProductRequest.fromPartial({ productId: id }))).product).toBeUndefined();
  });

  it('reads pages off an index in their order', async () => {
    const question: PageQuestion = { statuses: ['ON_SALE', 'SUSPENDED'], order: 'createdAt', descending: true, limit: 20, offset: 0 };
    const planOf = (given: Partial<PageQuestion>): Promise<string[]> => {
      const { sql, params } = pageStatement({ ...question, ...given });
      return explain(shop, sql, params);
    };
    expect(await planOf({})).toEqual(['p index products_created_at']);
    expect(await planOf({ order: 'price' })).toEqual(['p index products_price']);
    expect(await planOf({ order: 'name', descending: false })).toEqual(['p index products_name']);
    expect((await planOf({ category }))[0]).toMatch(/^p (ref|range) products_category$/);
    expect(await planOf({ inStock: true })).toEqual(['p index products_created_at', 's ref stock_product']);
    const { sql, params } = countStatement(question);
    expect((await explain(shop, sql, params))[0]).toMatch(/^p (range|index|ref) products_shown$/);
  });
});

it('has left books that agree', async () => {
  expect(await brokenBooks(shop)).toEqual([]);
});

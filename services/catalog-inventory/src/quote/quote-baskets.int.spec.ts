import { catalog, refusalData } from '@jumun/protos';
import { newId } from '@jumun/service-kit';
import { explain } from '@jumun/testkit';
import { openShop, put, type Shop } from '../../test/shop.ts';
import { seedProducts } from '../seed.ts';
import { READ_OPTIONS, READ_OPTIONS_OF } from '../store/shelf.ts';
import { quoteBaskets } from './quote-baskets.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop.close());

const basket = (...lines: [names: Partial<catalog.BasketLine>, quantity: number][]) => ({
  lines: lines.map(([names, quantity]) => ({ ...names, quantity })),
});
const quote = async (...baskets: ReturnType<typeof basket>[]): Promise<unknown[]> => {
  const { quotes } = await quoteBaskets(shop.db, catalog.QuoteBasketsRequest.fromPartial({ baskets }));
  return quotes.map(({ outcome }) =>
    outcome?.$case === 'refused'
      ? refusalData(outcome.refused).code
      : outcome?.quoted.lines.map(({ name, unitPrice, quantity }) => `${quantity} ${name} ${unitPrice}`),
  );
};

it('answers many baskets in their order', async () => {
  const plain = await put(shop, { name: 'Plain', price: 700 });
  const sizes = await put(shop, {
    name: 'Shirt',
    price: 9_000,
    options: [
      { name: 'S', stock: 1 },
      { name: 'L', price: 9_900, stock: 5 },
    ],
  });
  const off = await put(shop, { name: 'Off', status: catalog.ProductStatus.SUSPENDED });
  const soon = await put(shop, { name: 'Soon', status: catalog.ProductStatus.PREPARING });
  const gone = await put(shop, { name: 'Gone' });
  await shop.db.execute('UPDATE products SET deleted_at = UTC_TIMESTAMP(3) WHERE id = ?', [gone.id]);
  const [small, large] = sizes.options.map(({ id }) => ({ optionId: id }));
  const answers = await quote(
    basket([{ productId: plain.id }, 2], [large!, 5]),
    basket([{ productId: sizes.id }, 1]),
    basket([large!, 3], [small!, 1], [large!, 3]),
    basket([{ productId: off.id }, 1]),
    basket([{ productId: soon.id }, 1]),
    basket([{ optionId: gone.options[0]!.id }, 1]),
    basket([{ productId: '' }, 1]),
    basket([{ optionId: '옵션'.repeat(18) }, 1]),
    basket([{ productId: `${plain.id}x` }, 1]),
    basket([{ optionId: plain.options[0]!.id }, 1]),
  );
  expect(answers).toEqual([
    ['2 Plain 700', '5 Shirt / L 9900'],
    'INVALID_REQUEST',
    'OUT_OF_STOCK',
    'PRODUCT_NOT_ON_SALE',
    'PRODUCT_NOT_FOUND',
    'PRODUCT_NOT_FOUND',
    'PRODUCT_NOT_FOUND',
    'PRODUCT_NOT_FOUND',
    'PRODUCT_NOT_FOUND',
    ['1 Plain 700'],
  ]);
});

it('finds each row by its key', async () => {
  for (const ids of [[newId(), newId()], Array.from({ length: 1_500 }, newId)]) {
    expect(await explain(shop, READ_OPTIONS, [ids])).toEqual(['o range PRIMARY', 'p eq_ref PRIMARY', 's eq_ref PRIMARY']);
    expect(await explain(shop, READ_OPTIONS_OF, [ids])).toEqual(['p range PRIMARY', 'o ref product_options_product', 's eq_ref PRIMARY']);
  }
});

it('answers for each of hundreds of baskets, and says what one costs', async () => {
  const products = await seedProducts(shop.url, 1_000, 1_000_000);
  const baskets = Array.from({ length: 300 }, (_, i) =>
    basket([{ productId: products[(i * 7) % 1_000]!.productId }, 1], [{ optionId: products[(i * 13 + 5) % 1_000]!.optionId }, 2]),
  );
  const request = catalog.QuoteBasketsRequest.fromPartial({ baskets });
  expect((await quoteBaskets(shop.db, request)).quotes).toHaveLength(300);
  const cpu = process.cpuUsage();
  const rounds = 50;
  let us = Infinity; // of the best round: on a busy machine the mean tells how busy it is
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    await quoteBaskets(shop.db, request);
    us = Math.min(us, ((performance.now() - start) * 1_000) / baskets.length);
  }
  const { user, system } = process.cpuUsage(cpu);
  console.info(
    `quote: ${us.toFixed(1)} µs a basket of two lines (${((user + system) / (rounds * baskets.length)).toFixed(1)} µs of CPU here)`,
  );
});

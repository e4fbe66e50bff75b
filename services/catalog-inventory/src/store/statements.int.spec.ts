import { newId } from '@jumun/service-kit';
import { explain } from '@jumun/testkit';
import { openShop, put, type Shop } from '../../test/shop.ts';
import { LOCK_ONE, READ_PRODUCT_OF } from './adjustments.ts';
import type { Stock } from '../stock.ts';
import { StockBook } from './stock-book.ts';
import { END_RESERVATIONS, LOCK_RESERVATIONS, LOCK_STOCK, NEW_VALUES, READ_PRODUCTS, STOCK } from './stock-statements.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
  await put(shop); // tables so small that a planner left to itself would scan them
});
afterAll(() => shop.close());

const ids = [newId(), newId()];
/** More than the tables have rows. */
const many = Array.from({ length: 1_500 }, newId);

it.each([
  ['LOCK_RESERVATIONS', LOCK_RESERVATIONS, [JSON.stringify(ids)], ['j ALL', 'r ref PRIMARY']],
  ['LOCK_STOCK', LOCK_STOCK, [ids], ['stock range PRIMARY']],
  ['LOCK_STOCK', LOCK_STOCK, [many], ['stock range PRIMARY']],
  ['READ_PRODUCTS', READ_PRODUCTS, [ids], ['products range PRIMARY']],
  ['READ_PRODUCTS', READ_PRODUCTS, [many], ['products range PRIMARY']],
  ['END_RESERVATIONS', END_RESERVATIONS, ['RELEASED', ids], ['reservations range PRIMARY']],
  ['END_RESERVATIONS', END_RESERVATIONS, ['RELEASED', many], ['reservations range PRIMARY']],
] as [string, string, unknown[], string[]][])('%s finds its rows by primary key, in its order', async (_, statement, params, plan) => {
  expect(await explain(shop, statement, params)).toEqual(plan);
});

it('adjusting reads one row of each table', async () => {
  const { options } = await put(shop);
  expect(await explain(shop, LOCK_ONE, [options[0]!.id])).toEqual(['stock const PRIMARY']);
  expect(await explain(shop, READ_PRODUCT_OF, [options[0]!.id])).toEqual(['o const PRIMARY', 'p const PRIMARY']);
});

it('locks nothing but what it names', async () => {
  const [mine, strangers] = [await put(shop), await put(shop)];
  const [option, other] = [mine.options[0]!.id, strangers.options[0]!.id];
  await shop.db.transaction(async (tx) => {
    await StockBook.load(tx, { holders: [newId()], optionIds: [option], productIds: [mine.id] });
    await shop.db.transaction(async (rival) => {
      void rival.execute('SET SESSION innodb_lock_wait_timeout = 0');
      await StockBook.load(rival, { holders: [newId()], optionIds: [other], productIds: [mine.id, strangers.id] });
    });
    await expect(shop.db.query('SELECT * FROM stock WHERE option_id = ? FOR UPDATE NOWAIT', [option])).rejects.toThrow(
      /Lock wait timeout|NOWAIT/,
    );
  });
});

it('cannot write less than nothing, whatever was decided', async () => {
  const { options } = await put(shop);
  const oversold = [options[0]!.id, newId(), -1, 11, 0, 1];
  await expect(shop.db.insert(STOCK, [oversold], NEW_VALUES)).rejects.toThrow('stock_available');
});

it('writes no stock that was not there', async () => {
  const [row] = await shop.db.query<Stock>(
    'SELECT option_id AS optionId, product_id AS productId, available, reserved, sold, version FROM stock LIMIT 1',
  );
  const lost = { ...row!, optionId: newId() };
  const write = shop.db.transaction(async (tx) => {
    const book = new StockBook([row!, lost], [], []);
    for (const { optionId } of [row!, lost]) book.change(optionId, (stock) => ({ ...stock, version: stock.version + 1 }));
    await book.save(tx);
  });
  await expect(write).rejects.toThrow('1 of 2 rows were not changed');
  expect(await shop.db.query('SELECT option_id FROM stock WHERE option_id = ?', [lost.optionId])).toEqual([]);
});

import { newId } from '@jumun/service-kit';
import { explain } from '@jumun/testkit';
import { openShop, put, type Shop } from '../../test/shop.ts';
import { LOCK_ONE, READ_PRODUCT_OF } from './adjustments.ts';
import { StockBook } from './stock-book.ts';
import { END_RESERVATIONS, LOCK_RESERVATIONS, LOCK_STOCK, READ_ON_SALE, UPDATE_STOCK } from './stock-statements.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
  await put(shop); // tables so small that a planner left to itself would scan them
});
afterAll(() => shop.close());

const ids = JSON.stringify([newId(), newId()]);
const rows = JSON.stringify([[newId(), newId(), 1, 'RELEASED', 1]]);

it.each([
  ['LOCK_RESERVATIONS', LOCK_RESERVATIONS, ids, ['j ALL', 'r ref PRIMARY']],
  ['LOCK_STOCK', LOCK_STOCK, ids, ['j ALL', 's eq_ref PRIMARY']],
  ['READ_ON_SALE', READ_ON_SALE, ids, ['j ALL', 'o eq_ref PRIMARY', 'p eq_ref PRIMARY']],
  ['UPDATE_STOCK', UPDATE_STOCK, rows, ['j ALL', 's eq_ref PRIMARY']],
  ['END_RESERVATIONS', END_RESERVATIONS, rows, ['j ALL', 'r eq_ref PRIMARY']],
])('%s finds its rows by primary key, in the order of its parameter', async (_, statement, parameter, plan) => {
  expect(await explain(shop, statement, [parameter])).toEqual(plan);
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
    await StockBook.load(tx, [newId()], [option]);
    await shop.db.transaction(async (rival) => {
      void rival.execute('SET SESSION innodb_lock_wait_timeout = 0');
      await StockBook.load(rival, [newId()], [other]);
    });
    await expect(shop.db.query('SELECT * FROM stock WHERE option_id = ? FOR UPDATE NOWAIT', [option])).rejects.toThrow(
      /Lock wait timeout|NOWAIT/,
    );
  });
});

it('cannot write less than nothing, whatever was decided', async () => {
  const { options } = await put(shop);
  const oversold = JSON.stringify([[options[0]!.id, -1, 11, 0, 1]]);
  await expect(shop.db.execute(UPDATE_STOCK, [oversold])).rejects.toThrow('stock_available');
});

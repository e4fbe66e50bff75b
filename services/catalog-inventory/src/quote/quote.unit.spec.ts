import { catalog, refusalData } from '@jumun/protos';
import { type QuotableOption, quoteBasket, type Shelf } from './quote.ts';

const shelf = (...options: Partial<QuotableOption>[]): Shelf => {
  const all = options.map((given) => ({
    productId: 'p',
    optionId: 'o',
    productName: 'Tea',
    optionName: 'Default',
    price: 1_000,
    status: 'ON_SALE',
    available: 10,
    siblings: options.filter(({ productId = 'p' }) => productId === (given.productId ?? 'p')).length,
    ...given,
  }));
  return {
    option: (id) => all.find(({ optionId }) => optionId === id),
    ofProduct: (id) => all.filter(({ productId }) => productId === id),
  };
};
const product = (productId: string, quantity = 1) => ({ productId, quantity });
const option = (optionId: string, quantity = 1) => ({ optionId, quantity });
const quote = (from: Shelf, ...lines: Partial<catalog.BasketLine>[]): unknown => {
  const { outcome } = quoteBasket(from, catalog.Basket.fromPartial({ lines }));
  if (outcome?.$case === 'refused') return refusalData(outcome.refused);
  return outcome?.quoted.lines.map(({ productId, optionId, name, unitPrice, quantity }) => ({
    productId,
    optionId,
    name,
    unitPrice,
    quantity,
  }));
};

const tea = [
  { productId: 'tea', optionId: 'green', optionName: 'Green', price: 1_500 },
  { productId: 'tea', optionId: 'black', optionName: 'Black', available: 3 },
];

it('prices lines; the option stands in the name where there are several', () => {
  const both = shelf(...tea, { productId: 'cup', optionId: 'cup-1', productName: 'Cup', price: 300 });
  expect(quote(both, option('green', 2), product('cup', 4))).toEqual([
    { productId: 'tea', optionId: 'green', name: 'Tea / Green', unitPrice: 1_500, quantity: 2 },
    { productId: 'cup', optionId: 'cup-1', name: 'Cup', unitPrice: 300, quantity: 4 },
  ]);
});

it('names every product that needs an option', () => {
  expect(quote(shelf(...tea), product('tea'), option('green'), product('tea'))).toMatchObject({
    code: 'INVALID_REQUEST',
    errors: [{ path: '/items/0/productId' }, { path: '/items/2/productId' }],
  });
});

it('adds two lines of one option up before it looks at the stock', () => {
  expect(quote(shelf(...tea), option('black', 2), option('green', 11), option('black', 2))).toMatchObject({
    code: 'OUT_OF_STOCK',
    shortages: [
      { productId: 'tea', optionId: 'black', requested: 4, available: 3 },
      { productId: 'tea', optionId: 'green', requested: 11, available: 10 },
    ],
  });
});

it('says what applies first: not found, invalid, not on sale, out of stock', () => {
  const all = shelf(
    ...tea,
    { productId: 'off', optionId: 'off-1', status: 'SUSPENDED' },
    { productId: 'soon', optionId: 'soon-1', status: 'PREPARING' },
  );
  const wrong = [option('black', 99), product('off'), product('tea'), product('soon')];
  expect(quote(all, ...wrong)).toEqual({ code: 'PRODUCT_NOT_FOUND', productId: 'soon' });
  expect(quote(all, ...wrong.slice(0, 3))).toMatchObject({ code: 'INVALID_REQUEST' });
  expect(quote(all, ...wrong.slice(0, 2))).toEqual({ code: 'PRODUCT_NOT_ON_SALE', productId: 'off' });
  expect(quote(all, ...wrong.slice(0, 1))).toMatchObject({ code: 'OUT_OF_STOCK' });
});

it('does not know what is hidden, deleted, or of another product', () => {
  const all = shelf(...tea, { productId: 'soon', optionId: 'soon-1', status: 'PREPARING' });
  expect(quote(all, option('soon-1'))).toMatchObject({ code: 'PRODUCT_NOT_FOUND' });
  expect(quote(all, product('nothing'))).toMatchObject({ code: 'PRODUCT_NOT_FOUND', productId: 'nothing' });
  expect(quote(all, { productId: 'cup', optionId: 'green', quantity: 1 })).toMatchObject({ code: 'PRODUCT_NOT_FOUND', productId: 'cup' });
  expect(quote(all, { productId: 'tea', optionId: 'green', quantity: 1 })).toHaveLength(1);
});

it('takes sold out for out of stock, not for off sale', () => {
  expect(quote(shelf({ available: 0 }), product('p'))).toMatchObject({ code: 'OUT_OF_STOCK' });
});

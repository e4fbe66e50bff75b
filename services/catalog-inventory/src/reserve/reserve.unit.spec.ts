import { inventory } from '@jumun/protos';
import { type ProductOnSale, StockBook } from '../store/stock-book.ts';
import { decideCommit, decideRelease, decideReserve } from './reserve.ts';

const product = (optionId: string, status = 'ON_SALE'): ProductOnSale => ({ productId: `product of ${optionId}`, status });
const units = (optionId: string, available: number) => ({
  optionId,
  productId: `product of ${optionId}`,
  available,
  reserved: 0,
  sold: 0,
  version: 0,
});
const shop = (available: Record<string, number>, products: readonly ProductOnSale[] = Object.keys(available).map((id) => product(id))) =>
  new StockBook(
    Object.entries(available).map(([id, n]) => units(id, n)),
    products,
    [],
  );
const reserve = (orderId: string, ...lines: [string, number][]) =>
  inventory.ReserveStock.fromPartial({
    orderId,
    lines: lines.map(([optionId, quantity]) => ({ productId: `product of ${optionId}`, optionId, quantity })),
  });
const order = (orderId: string, ...optionIds: string[]) => ({ orderId, optionIds });
const release = (orderId: string, ...optionIds: string[]) => inventory.ReleaseStock.fromPartial(order(orderId, ...optionIds));
const commit = (orderId: string, ...optionIds: string[]) => inventory.CommitStock.fromPartial(order(orderId, ...optionIds));

describe('reserving', () => {
  it('takes all lines, two of one option as one', () => {
    const book = shop({ a: 10, b: 10 });
    expect(decideReserve(book, reserve('1', ['a', 2], ['b', 1], ['a', 3]))).toEqual({ $type: 'jumun.inventory.v1.StockReserved' });
    expect(book.stockOf('a')).toMatchObject({ available: 5, reserved: 5 });
    expect(book.heldBy('1')).toEqual([
      { orderId: '1', optionId: 'a', quantity: 5, status: 'RESERVED' },
      { orderId: '1', optionId: 'b', quantity: 1, status: 'RESERVED' },
    ]);
  });

  it('or nothing, and says what is short', () => {
    const book = shop({ a: 10, b: 1 });
    expect(decideReserve(book, reserve('1', ['a', 2], ['b', 1], ['b', 1]))).toMatchObject({
      $type: 'jumun.refusals.v1.OutOfStock',
      shortages: [{ productId: 'product of b', optionId: 'b', requested: 2, available: 1 }],
    });
    expect(book.stockOf('a')).toMatchObject({ available: 10, reserved: 0 });
    expect(book.heldBy('1')).toEqual([]);
  });

  it.each([
    ['SUSPENDED', 'jumun.refusals.v1.ProductNotOnSale'],
    ['PREPARING', 'jumun.refusals.v1.ProductNotFound'],
    ['DELETED', 'jumun.refusals.v1.ProductNotFound'],
  ])('refuses a product that is %s, before it looks at the stock', (status, refusal) => {
    const book = shop({ a: 0 }, [product('a', status)]);
    expect(decideReserve(book, reserve('1', ['a', 1]))).toEqual({ $type: refusal, productId: 'product of a' });
  });

  it('refuses an option that is not there', () => {
    expect(decideReserve(shop({}), reserve('1', ['a', 1]))).toMatchObject({ $type: 'jumun.refusals.v1.ProductNotFound' });
  });

  it('refuses an option that is not of the product that is named with it', () => {
    const book = shop({ a: 1, b: 1 });
    const lines = [{ productId: 'product of b', optionId: 'a', quantity: 1 }];
    expect(decideReserve(book, inventory.ReserveStock.fromPartial({ orderId: '1', lines }))).toEqual({
      $type: 'jumun.refusals.v1.ProductNotFound',
      productId: 'product of b',
    });
  });

  it('fails on what no saga of ours asks', () => {
    const book = shop({ a: 5 });
    expect(() => decideReserve(book, reserve('1', ['a', -1]))).toThrow('reserves no units');
    expect(() => decideReserve(book, reserve('1'))).toThrow('reserves no units');
    decideReserve(book, reserve('1', ['a', 1]));
    expect(() => decideReserve(book, reserve('1', ['a', 1]))).toThrow('has reserved before');
  });
});

describe('what an order holds', () => {
  const held = () => {
    const book = shop({ a: 10, b: 10 });
    decideReserve(book, reserve('1', ['a', 2], ['b', 1]));
    return book;
  };

  it('is given back once', () => {
    const book = held();
    for (let i = 0; i < 2; i++) expect(decideRelease(book, release('1', 'a', 'b'))).toEqual({ $type: 'jumun.inventory.v1.StockReleased' });
    expect(book.stockOf('a')).toMatchObject({ available: 10, reserved: 0, sold: 0 });
    expect(() => decideCommit(book, commit('1', 'a', 'b'))).toThrow('holds no stock');
  });

  it('is sold once', () => {
    const book = held();
    for (let i = 0; i < 2; i++) expect(decideCommit(book, commit('1', 'a', 'b'))).toEqual({ $type: 'jumun.inventory.v1.StockCommitted' });
    expect(book.stockOf('a')).toMatchObject({ available: 8, reserved: 0, sold: 2 });
    expect(() => decideRelease(book, release('1', 'a', 'b'))).toThrow('has bought its units');
  });

  it('is nothing when it never reserved: release is content, commit fails', () => {
    const book = shop({ a: 1 });
    expect(decideRelease(book, release('1', 'a'))).toEqual({ $type: 'jumun.inventory.v1.StockReleased' });
    expect(() => decideCommit(book, commit('1', 'a'))).toThrow('holds no stock');
  });

  it('stays whole when a command forgets one of its options', () => {
    const reservation = (optionId: string) => ({ orderId: '1', optionId, quantity: 2, status: 'RESERVED' as const });
    const book = new StockBook([{ ...units('a', 8), reserved: 2 }], [], [reservation('a'), reservation('b')]);
    expect(() => decideCommit(book, commit('1', 'a'))).toThrow('does not name option b');
    expect(() => decideRelease(book, release('1', 'a'))).toThrow('does not name option b');
    expect(book.stockOf('a')).toMatchObject({ available: 8, reserved: 2, sold: 0 });
  });
});

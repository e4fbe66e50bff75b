import type { catalog, refusals } from '@jumun/protos';
import { addUp, shortages } from '../stock.ts';

/** An option as a quote sees it. */
export interface QuotableOption {
  readonly productId: string;
  readonly optionId: string;
  readonly productName: string;
  readonly optionName: string;
  /** Won. */
  readonly price: number;
  readonly status: string;
  readonly available: number;
  /** How many options its product has, this one included. */
  readonly siblings: number;
}

/** What there is; deleted products are not on it. */
export interface Shelf {
  readonly option: (optionId: string) => QuotableOption | undefined;
  /** All options of a product that is named by itself; empty for one that is not there. */
  readonly ofProduct: (productId: string) => readonly QuotableOption[];
}

const refused = (kind: NonNullable<refusals.Refusal['kind']>): catalog.BasketQuote => ({
  $type: 'jumun.catalog.v1.BasketQuote',
  outcome: { $case: 'refused', refused: { $type: 'jumun.refusals.v1.Refusal', kind } },
});

/** What customers can see; products in preparation are not there for them. */
const visible = (option: QuotableOption | undefined): QuotableOption | undefined => (option?.status === 'PREPARING' ? undefined : option);

/** The option that a line means. A product alone means its only option; the product of an option may be named besides, and must be its own. */
const meant = (shelf: Shelf, { productId, optionId }: catalog.BasketLine): QuotableOption | 'several' | undefined => {
  if (optionId !== '') {
    const option = visible(shelf.option(optionId));
    return productId === '' || option?.productId === productId ? option : undefined;
  }
  const options = shelf.ofProduct(productId);
  return visible(options[0]) !== undefined && options.length > 1 ? 'several' : visible(options[0]);
};

/** Prices a basket, or says the first thing that is wrong with it: not there, ambiguous, not on sale, not enough. */
export const quoteBasket = (shelf: Shelf, { lines }: catalog.Basket): catalog.BasketQuote => {
  const options: QuotableOption[] = [];
  const errors: refusals.FieldError[] = [];
  for (const [index, line] of lines.entries()) {
    const option = meant(shelf, line);
    if (option === undefined) {
      const productId = line.productId === '' ? line.optionId : line.productId;
      return refused({ $case: 'productNotFound', productNotFound: { $type: 'jumun.refusals.v1.ProductNotFound', productId } });
    }
    if (option === 'several') {
      const message = 'the product has several options: name one of them by optionId';
      errors.push({ $type: 'jumun.refusals.v1.FieldError', path: `/items/${index}/productId`, message });
    } else options.push(option);
  }
  if (errors.length > 0) return refused({ $case: 'invalidRequest', invalidRequest: { $type: 'jumun.refusals.v1.InvalidRequest', errors } });

  const suspended = options.find(({ status }) => status !== 'ON_SALE');
  if (suspended !== undefined) {
    const { productId } = suspended;
    return refused({ $case: 'productNotOnSale', productNotOnSale: { $type: 'jumun.refusals.v1.ProductNotOnSale', productId } });
  }

  const quoted = options.map(({ productId, optionId, productName, optionName, price, siblings }, index): catalog.QuotedLine => ({
    $type: 'jumun.catalog.v1.QuotedLine',
    productId,
    optionId,
    name: siblings > 1 ? `${productName} / ${optionName}` : productName,
    unitPrice: price,
    quantity: lines[index]?.quantity ?? 0,
  }));
  const short = shortages(quoted.length > 1 ? addUp(quoted) : quoted, (optionId) => shelf.option(optionId)?.available);
  if (short.length > 0) return refused({ $case: 'outOfStock', outOfStock: { $type: 'jumun.refusals.v1.OutOfStock', shortages: short } });
  return {
    $type: 'jumun.catalog.v1.BasketQuote',
    outcome: { $case: 'quoted', quoted: { $type: 'jumun.catalog.v1.QuotedBasket', lines: quoted } },
  };
};

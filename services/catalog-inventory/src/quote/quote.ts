import { catalog, refusal, type refusals } from '@jumun/protos';
import { addUp, shortages } from '../stock.ts';

/** An option as a quote sees it, read from the truth. */
export interface QuotableOption {
  readonly productId: string;
  readonly optionId: string;
  readonly productName: string;
  readonly optionName: string;
  /** Options that the product has. */
  readonly siblings: number;
  /** Won. */
  readonly price: number;
  readonly status: string;
  readonly available: number;
}

export interface Shelf {
  readonly option: (optionId: string) => QuotableOption | undefined;
  /** The options of a product; empty for a product that is not there. */
  readonly ofProduct: (productId: string) => readonly QuotableOption[];
}

const CUSTOMER_SEES = (option: QuotableOption): boolean => option.status !== 'PREPARING';

const refused = (reason: refusals.Refusal): catalog.BasketQuote =>
  catalog.BasketQuote.fromPartial({ outcome: { $case: 'refused', refused: reason } });

const optionOf = (shelf: Shelf, { productId, optionId }: catalog.BasketLine): QuotableOption | 'ambiguous' | undefined => {
  const named = optionId === '' ? shelf.ofProduct(productId) : [shelf.option(optionId)].filter((option) => option !== undefined);
  const [option] = named.filter((each) => CUSTOMER_SEES(each) && (productId === '' || each.productId === productId));
  return named.length > 1 && option !== undefined ? 'ambiguous' : option;
};

/** Prices a basket, or says the first thing that is wrong with it: not there, ambiguous, not on sale, not enough. */
export const quoteBasket = (shelf: Shelf, { lines }: catalog.Basket): catalog.BasketQuote => {
  const found = lines.map((line) => optionOf(shelf, line));
  const missing = found.indexOf(undefined);
  if (missing >= 0) return refused(refusal('productNotFound', { productId: lines[missing]?.productId || lines[missing]?.optionId }));
  const errors = found.flatMap((option, index) =>
    option === 'ambiguous' ? [{ path: `/items/${index}/productId`, message: 'has several options: name one by optionId' }] : [],
  );
  if (errors.length > 0) return refused(refusal('invalidRequest', { errors }));
  const quoted = (found as QuotableOption[]).map((option, index) => ({ ...option, quantity: lines[index]?.quantity ?? 0 }));
  const suspended = quoted.find(({ status }) => status !== 'ON_SALE');
  if (suspended !== undefined) return refused(refusal('productNotOnSale', { productId: suspended.productId }));
  const short = shortages(addUp(quoted), (optionId) => shelf.option(optionId)?.available);
  if (short.length > 0) return refused(refusal('outOfStock', { shortages: short }));
  return catalog.BasketQuote.fromPartial({
    outcome: {
      $case: 'quoted',
      quoted: {
        lines: quoted.map(({ productId, optionId, productName, optionName, siblings, price, quantity }) => ({
          productId,
          optionId,
          name: siblings > 1 ? `${productName} / ${optionName}` : productName,
          unitPrice: price,
          quantity,
        })),
      },
    },
  });
};

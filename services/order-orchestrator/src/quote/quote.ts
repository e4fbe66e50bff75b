import { catalog, coupon, type orders, refusal, type refusals, wallet } from '@jumun/protos';
import { grpcClient, type Logger } from '@jumun/service-kit';
import { applies, type Discount, discountOf, sharesOf, subtotalOf } from '../pricing.ts';
import type { PlacedLine } from '../order.ts';
import { asked } from './asked.ts';
import { openCouponQuotes } from './coupon-quotes.ts';

/** What an order would cost, frozen. Amounts are won. */
export interface HopefulQuote {
  readonly lines: readonly PlacedLine[];
  readonly subtotal: number;
  readonly discount: number;
  readonly total: number;
}
/** A price, or the first reason why the order is hopeless. */
export type Quote = HopefulQuote | { readonly refused: refusals.Refusal };

export type Quoting = (calls: readonly orders.PlaceOrder[]) => Promise<Quote[]>;

type Answers = readonly [catalog.BasketQuote | undefined, coupon.CouponQuote | undefined, wallet.BalanceQuote | undefined];

/** Judges one order by what the owners of the truth have answered: the refusals in the order of the API. Pure. */
export const judge = (basket: Answers[0], discounted: Answers[1] | 'none', balance: Answers[2]): Quote => {
  if (balance === undefined) return { refused: refusal('unavailable') };
  if (!balance.known) return { refused: refusal('unauthenticated') };
  if (basket?.outcome?.$case !== 'quoted') return { refused: basket?.outcome?.refused ?? refusal('unavailable') };
  const lines = basket.outcome.quoted.lines;
  const subtotal = subtotalOf(lines);
  let discount = 0;
  if (discounted !== 'none') {
    if (discounted?.outcome?.$case !== 'discount') return { refused: discounted?.outcome?.refused ?? refusal('unavailable') };
    const given: Discount = {
      ...discounted.outcome.discount,
      type: discounted.outcome.discount.type === coupon.DiscountType.PERCENT ? 'PERCENT' : 'FIXED',
    };
    if (!applies(given, subtotal)) return { refused: refusal('couponNotApplicable', { minOrderAmount: given.minOrderAmount }) };
    discount = discountOf(given, subtotal);
  }
  const total = subtotal - discount;
  if (balance.balance < total)
    return { refused: refusal('insufficientBalance', { balance: balance.balance, required: total, shortBy: total - balance.balance }) };
  const shares = sharesOf(lines, discount);
  return {
    lines: lines.map(({ productId, optionId, name, unitPrice, quantity }, index) => ({
      productId,
      optionId,
      name,
      unitPrice,
      quantity,
      discountShare: shares[index] ?? 0,
    })),
    subtotal,
    discount,
    total,
  };
};

const basketLine = ({ productId, optionId, quantity }: orders.PlaceOrderLine): catalog.BasketLine => ({
  $type: 'jumun.catalog.v1.BasketLine',
  productId,
  optionId,
  quantity,
});

/**
 * Asks catalog, coupon and wallet side by side, one call each for the whole batch. They read the truth, never a cache. Without catalog or
 * wallet nothing can be judged; coupon concerns only the orders that come with one.
 */
export const openQuoting = (
  addresses: { readonly catalog: string[]; readonly coupon: string[]; readonly wallet: string[] },
  logger: Pick<Logger, 'warn'>,
): { quote: Quoting; close: () => void } => {
  const catalogs = grpcClient(catalog.CatalogServiceClient, addresses.catalog);
  const coupons = grpcClient(coupon.CouponServiceClient, addresses.coupon);
  const wallets = grpcClient(wallet.WalletServiceClient, addresses.wallet);
  const quoteCoupons = openCouponQuotes(async (questions) => (await asked(coupons.quoteCoupons({ questions }))).quotes, logger);
  return {
    quote: async (calls) => {
      const withCoupon = calls.filter(({ couponId }) => couponId !== undefined);
      const questions = withCoupon.map(({ couponId = '', userId }) => ({
        $type: 'jumun.coupon.v1.CouponQuestion' as const,
        couponId,
        userId,
      }));
      const baskets = calls.map(({ lines }) => ({ $type: 'jumun.catalog.v1.Basket' as const, lines: lines.map(basketLine) }));
      const [basketAnswer, couponQuotes, balanceAnswer] = await Promise.all([
        asked(catalogs.quoteBaskets({ baskets })),
        quoteCoupons(questions),
        asked(wallets.quoteBalances({ userIds: calls.map(({ userId }) => userId) })),
      ]);
      const discounts = new Map(withCoupon.map((call, index) => [call, couponQuotes[index]]));
      return calls.map((call, index) =>
        judge(basketAnswer.quotes[index], call.couponId === undefined ? 'none' : discounts.get(call), balanceAnswer.quotes[index]),
      );
    },
    close: () => {
      for (const client of [catalogs, coupons, wallets]) client.close();
    },
  };
};

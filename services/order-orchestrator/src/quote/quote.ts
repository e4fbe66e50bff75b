import { catalog, coupon, orders, refusal, type refusals, wallet } from '@jumun/protos';
import { grpcClient } from '@jumun/service-kit';
import { applies, type Discount, discountOf, sharesOf, subtotalOf } from '../pricing.ts';
import type { PlacedLine } from '../order.ts';

/** What an order would cost, frozen; or the first reason why it is hopeless. */
export type Quote =
  | { readonly lines: readonly PlacedLine[]; readonly subtotal: number; readonly discount: number; readonly total: number }
  | { readonly refused: refusals.Refusal };

export type Quoting = (calls: readonly orders.PlaceOrder[]) => Promise<Quote[]>;

type Answers = readonly [catalog.BasketQuote | undefined, coupon.CouponQuote | undefined, wallet.BalanceQuote | undefined];

/** Judges one order by what the owners of the truth have answered. Pure. */
export const judge = (basket: Answers[0], discounted: Answers[1], balance: Answers[2]): Quote => {
  if (basket?.outcome?.$case !== 'quoted') return { refused: basket?.outcome?.refused ?? refusal('unavailable') };
  if (balance?.known !== true) return { refused: refusal('unauthenticated') };
  const lines = basket.outcome.quoted.lines;
  const subtotal = subtotalOf(lines);
  let discount = 0;
  if (discounted !== undefined) {
    if (discounted.outcome?.$case !== 'discount') return { refused: discounted.outcome?.refused ?? refusal('unavailable') };
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
    lines: lines.map(({ $type: _, ...line }, index) => ({ ...line, discountShare: shares[index] ?? 0 })),
    subtotal,
    discount,
    total,
  };
};

/** Asks catalog, coupon and wallet side by side, one call each for the whole batch. They read the truth, never a cache. */
export const openQuoting = (addresses: {
  catalog: string[];
  coupon: string[];
  wallet: string[];
}): { quote: Quoting; close: () => void } => {
  const catalogs = grpcClient(catalog.CatalogServiceClient, addresses.catalog);
  const coupons = grpcClient(coupon.CouponServiceClient, addresses.coupon);
  const wallets = grpcClient(wallet.WalletServiceClient, addresses.wallet);
  return {
    quote: async (calls) => {
      const withCoupon = calls.filter(({ couponId }) => couponId !== undefined);
      const questions = withCoupon.map(({ couponId = '', userId }) => ({
        $type: 'jumun.coupon.v1.CouponQuestion' as const,
        couponId,
        userId,
      }));
      const baskets = calls.map(({ lines }) =>
        catalog.Basket.fromPartial({ lines: lines.map(({ productId, optionId, quantity }) => ({ productId, optionId, quantity })) }),
      );
      const [basketAnswer, couponAnswer, balanceAnswer] = await Promise.all([
        catalogs.quoteBaskets({ baskets }),
        questions.length === 0 ? { quotes: [] } : coupons.quoteCoupons({ questions }),
        wallets.quoteBalances({ userIds: calls.map(({ userId }) => userId) }),
      ]);
      const discounts = new Map(withCoupon.map((call, index) => [call, couponAnswer.quotes[index]]));
      return calls.map((call, index) => judge(basketAnswer.quotes[index], discounts.get(call), balanceAnswer.quotes[index]));
    },
    close: () => {
      for (const client of [catalogs, coupons, wallets]) client.close();
    },
  };
};

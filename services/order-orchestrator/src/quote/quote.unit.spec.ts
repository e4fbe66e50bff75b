import { catalog, coupon, refusal, refusalData, wallet } from '@jumun/protos';
import { judge } from './quote.ts';

const basket = (...prices: number[]) =>
  catalog.BasketQuote.fromPartial({
    outcome: {
      $case: 'quoted',
      quoted: { lines: prices.map((unitPrice, i) => ({ productId: `p${i}`, optionId: `o${i}`, name: `N${i}`, unitPrice, quantity: 2 })) },
    },
  });
const discount = (given: Partial<coupon.Discount>) =>
  coupon.CouponQuote.fromPartial({ outcome: { $case: 'discount', discount: { type: coupon.DiscountType.PERCENT, value: 10, ...given } } });
const balance = (won: number) => wallet.BalanceQuote.fromPartial({ known: true, balance: won });
const codeOf = (quote: ReturnType<typeof judge>) => ('refused' in quote ? refusalData(quote.refused) : undefined);

it('freezes prices, discount and shares', () => {
  expect(judge(basket(1_000, 500), discount({}), balance(2_700))).toEqual({
    lines: [
      { productId: 'p0', optionId: 'o0', name: 'N0', unitPrice: 1_000, quantity: 2, discountShare: 200 },
      { productId: 'p1', optionId: 'o1', name: 'N1', unitPrice: 500, quantity: 2, discountShare: 100 },
    ],
    subtotal: 3_000,
    discount: 300,
    total: 2_700,
  });
});

it('knows no discount without a coupon', () => {
  expect(judge(basket(100), 'none', balance(200))).toMatchObject({ subtotal: 200, discount: 0, total: 200 });
});

it('lets an order be free', () => {
  expect(judge(basket(100), discount({ type: coupon.DiscountType.FIXED, value: 999 }), balance(0))).toMatchObject({
    discount: 200,
    total: 0,
  });
});

describe('refuses with the first reason that applies', () => {
  const outOfStock = catalog.BasketQuote.fromPartial({ outcome: { $case: 'refused', refused: refusal('outOfStock', { shortages: [] }) } });
  const expired = coupon.CouponQuote.fromPartial({ outcome: { $case: 'refused', refused: refusal('couponExpired') } });
  const nobody = wallet.BalanceQuote.fromPartial({ known: false });

  it.each([
    ['an unknown user', outOfStock, expired, nobody, { code: 'UNAUTHENTICATED' }],
    ['the basket', outOfStock, expired, balance(0), { code: 'OUT_OF_STOCK' }],
    ['the coupon', basket(100), expired, balance(0), { code: 'COUPON_EXPIRED' }],
    [
      'a subtotal too low for the coupon',
      basket(100),
      discount({ minOrderAmount: 201 }),
      balance(0),
      { code: 'COUPON_NOT_APPLICABLE', minOrderAmount: 201 },
    ],
    ['the balance', basket(100), discount({}), balance(179), { code: 'INSUFFICIENT_BALANCE', balance: 179, required: 180, shortBy: 1 }],
    ['an answer that is missing', basket(100), undefined, balance(200), { code: 'UNAVAILABLE' }],
    ['no answer at all', undefined, 'none' as const, undefined, { code: 'UNAVAILABLE' }],
  ])('%s', (_, baskets, coupons, balances, refused) => expect(codeOf(judge(baskets, coupons, balances))).toMatchObject(refused));
});

import { randomUUID } from 'node:crypto';
import type { ClusterFile } from '@jumun/local';
import type { Request } from './generator.ts';
import { mintToken } from './token.ts';

/** Who buys what: users with their tokens, products in the order of their popularity, coupons that nobody has used yet. */
export interface Shop {
  readonly users: readonly string[];
  readonly products: readonly { readonly optionId: string }[];
  readonly coupons: { couponId: string; userId: string }[];
}

/** One order in five has a coupon. */
export const COUPON_SHARE = 0.2;
/** Cubed, a uniform number makes the first tenth of the products get nearly half of the orders. */
const SKEW = 3;

/** Orders of one line, 1 to 3 units, skewed towards the first products. */
export const requestsOf = (
  { users, products, coupons }: Shop,
  { jwtSigningKey, jwtKeyId }: Pick<ClusterFile, 'jwtSigningKey' | 'jwtKeyId'>,
): (() => Request) => {
  const tokens = new Map(users.map((id) => [id, mintToken(id, jwtSigningKey, jwtKeyId)]));
  let turn = 0;
  return () => {
    const coupon = Math.random() < COUPON_SHARE ? coupons.pop() : undefined;
    const userId = coupon?.userId ?? (users[turn++ % users.length] as string);
    const product = products[Math.floor(Math.random() ** SKEW * products.length)] as Shop['products'][number];
    const items = [{ optionId: product.optionId, quantity: 1 + Math.floor(Math.random() * 3) }];
    return { token: tokens.get(userId) ?? '', key: randomUUID(), body: JSON.stringify({ items, couponId: coupon?.couponId }) };
  };
};

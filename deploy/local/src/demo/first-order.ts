import { randomUUID } from 'node:crypto';
import type { Cluster } from '../cluster.ts';
import { place, tell, type Wish } from './order-story.ts';
import { canPay, option, product, usableCoupon, type Shop } from './shop-floor.ts';

/** One real order through the whole saga, with a coupon: whoever has started the cluster sees that it works, and how. */
export const showFirstOrder = async ({ gatewayUrls, adminToken, seeded }: Cluster): Promise<void> => {
  const [customer] = seeded?.customers ?? [];
  if (seeded === undefined || customer === undefined) return;
  const shop: Shop = { gatewayUrl: gatewayUrls[0]!, adminToken, ...seeded };
  await canPay(shop, customer, 100_000);
  const wish: Wish = {
    title: 'A first order, with a coupon',
    customer,
    couponId: await usableCoupon(shop, customer),
    items: [
      { productId: product(shop, '제주 감귤'), quantity: 2 },
      { optionId: await option(shop, product(shop, '보성 녹차'), 1), quantity: 1 },
    ],
    idempotencyKey: randomUUID(),
  };
  await tell(shop.gatewayUrl, wish, await place(shop.gatewayUrl, wish));
};

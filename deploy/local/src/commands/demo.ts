import { randomUUID } from 'node:crypto';
import { readClusterFile } from '../cluster-file.ts';
import { bold } from '../demo/paint.ts';
import { place, tell, type Wish } from '../demo/order-story.ts';
import { canPay, option, product, setStock, usableCoupon, type Shop } from '../demo/shop-floor.ts';
import { demoProducts, scarceProduct } from '../demo-shop.ts';
import { Failure } from '../failure.ts';
import { readOptions } from '../options.ts';
import { localDir } from '../paths.ts';
import { signIn } from '../rest.ts';
import { isBuilt } from '../services.ts';
import audit from './audit.ts';

const help = `npm run demo     places a handful of orders in the running cluster, good ones and hopeless ones, and tells what became of each`;

const demo = async (args: string[]): Promise<number> => {
  if (readOptions(args, help, {}) === undefined) return 0;
  const shop = await enterShop();
  const [minji, junho, seoyeon] = shop.customers;
  if (minji === undefined || junho === undefined || seoyeon === undefined)
    throw new Failure('The demo customers are missing.', 'Start the cluster with its demo shop: npm start');
  const scarce = product(shop, scarceProduct);
  await setStock(shop, scarce, 2);
  await Promise.all([canPay(shop, minji, 300_000), canPay(shop, junho, 300_000)]);
  const wish = (title: string, customer: Wish['customer'], items: Wish['items'], couponId?: string): Wish => ({
    title,
    customer,
    items,
    couponId,
    idempotencyKey: randomUUID(),
  });

  const inTurn: Wish[] = [
    wish('1  Minji buys for the weekend', minji, [
      { productId: product(shop, '한우 불고기'), quantity: 2 },
      { optionId: await option(shop, product(shop, '배추김치'), 1), quantity: 1 },
    ]),
    wish(
      '2  Junho has a coupon for ten per cent',
      junho,
      [
        { productId: product(shop, '드립백 커피'), quantity: 2 },
        { productId: product(shop, '유기농 현미'), quantity: 1 },
      ],
      await usableCoupon(shop, junho),
    ),
    wish('3  Minji wants five of something that exists twice', minji, [{ productId: scarce, quantity: 5 }]),
    wish('4  Seoyeon looks at a blanket and at her wallet', seoyeon, [{ productId: product(shop, '누비 담요'), quantity: 10 }]),
  ];
  for (const one of inTurn) await tell(shop.gatewayUrl, one, await place(shop.gatewayUrl, one));

  const race = [
    wish('5a Minji and Junho want the last two, in the same instant: Minji', minji, [{ productId: scarce, quantity: 2 }]),
    wish('5b … and Junho', junho, [{ productId: scarce, quantity: 2 }]),
  ];
  const outcomes = await Promise.all(race.map((one) => place(shop.gatewayUrl, one)));
  for (const [index, one] of race.entries()) await tell(shop.gatewayUrl, one, outcomes[index]!);

  if (!isBuilt('auditor')) return 0;
  console.log(`\n${bold('Do the books agree?')}`);
  return audit([]);
};

export default demo;

/** The running cluster, with fresh tokens: those in its file are good for a quarter of an hour. */
const enterShop = async (): Promise<Shop> => {
  const { gatewayUrl, admin, customers, products, couponEventId } = readClusterFile(localDir);
  if (products.length < demoProducts.length) throw new Failure('The demo shop is empty.', 'npm start makes it.');
  const fresh = <T extends { loginId: string; password: string }>(account: T): Promise<T & { accessToken: string }> =>
    signIn(gatewayUrl, account).then((accessToken) => ({ ...account, accessToken }));
  const signedIn = await Promise.all([fresh(admin), ...customers.map((customer) => fresh(customer))]).catch((error: unknown) => {
    throw new Failure(`The cluster at ${gatewayUrl} does not answer: ${String(error)}`, 'See npm run status; start it by npm start');
  });
  const [{ accessToken: adminToken }, ...rest] = signedIn as [{ accessToken: string }, ...Shop['customers']];
  return { gatewayUrl, adminToken, customers: rest, products, couponEventId };
};

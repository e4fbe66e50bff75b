import { randomUUID } from 'node:crypto';
import { demoCoupon } from '../demo-shop.ts';
import { Failure } from '../failure.ts';
import { call, ProblemError } from '../rest.ts';
import { topUp, type DemoAccount } from '../seed.ts';

/** What a demo knows of a running cluster. */
export interface Shop {
  gatewayUrl: string;
  adminToken: string;
  customers: readonly DemoAccount[];
  products: readonly { id: string; name: string }[];
  couponEventId?: string;
}

/** The product whose name begins so. */
export const product = ({ products }: Shop, beginning: string): string => {
  const found = products.find(({ name }) => name.startsWith(beginning));
  if (found === undefined)
    throw new Failure(`The demo shop does not sell ${beginning}.`, 'Start the cluster with its demo shop: npm start');
  return found.id;
};

const CHARGE_MAX = 1_000_000;

/** Charges the wallet until the customer can pay this, and no more than needed. */
export const canPay = async ({ gatewayUrl }: Shop, { accessToken }: DemoAccount, amount: number): Promise<void> => {
  const { balance } = await call<{ balance: number }>(gatewayUrl, 'GET', '/v1/wallet', { token: accessToken });
  const missing = Math.min(CHARGE_MAX, Math.ceil((amount - balance) / 1000) * 1000);
  if (missing > 0) await topUp(gatewayUrl, accessToken, missing, randomUUID());
};

/** A coupon that the customer can use: one already held, one from the seeded event, or one from a new event. */
export const usableCoupon = async (shop: Shop, customer: DemoAccount): Promise<string> => {
  const { gatewayUrl, adminToken, couponEventId } = shop;
  const token = customer.accessToken;
  const { items } = await call<{ items: { id: string }[] }>(gatewayUrl, 'GET', '/v1/coupons?status=AVAILABLE&limit=1', { token });
  if (items[0] !== undefined) return items[0].id;
  const claim = async (eventId: string): Promise<string> =>
    (await call<{ id: string }>(gatewayUrl, 'POST', `/v1/coupon-events/${eventId}/coupons`, { token })).id;
  if (couponEventId !== undefined) {
    try {
      return await claim(couponEventId);
    } catch (error) {
      if (!(error instanceof ProblemError) || error.status !== 409) throw error; // used up, or used by this customer
    }
  }
  const hour = 3_600_000;
  const at = (fromNow: number): string => new Date(Date.now() + fromNow).toISOString();
  const body = { ...demoCoupon, opensAt: at(-hour), closesAt: at(hour), couponValidUntil: at(24 * hour) };
  return claim((await call<{ id: string }>(gatewayUrl, 'POST', '/v1/admin/coupon-events', { token: adminToken, body })).id);
};

/** Sets what can be bought of a product with one option, by an adjustment as any other. */
export const setStock = async ({ gatewayUrl, adminToken }: Shop, productId: string, wanted: number): Promise<void> => {
  const { options } = await call<{ options: { id: string; stock: number }[] }>(gatewayUrl, 'GET', `/v1/products/${productId}`, {
    token: adminToken,
  });
  const [option] = options;
  if (option === undefined || option.stock === wanted) return;
  const body = { delta: wanted - option.stock, reason: 'demo' };
  await call(gatewayUrl, 'POST', `/v1/admin/options/${option.id}/stock-adjustments`, { token: adminToken, body });
};

/** The option with that position. */
export const option = async ({ gatewayUrl }: Shop, productId: string, position: number): Promise<string> => {
  const { options } = await call<{ options: { id: string }[] }>(gatewayUrl, 'GET', `/v1/products/${productId}`);
  const found = options[position];
  if (found === undefined)
    throw new Failure(
      `The product ${productId} has no option number ${position + 1}.`,
      'npm start makes the demo shop anew in an empty .local/',
    );
  return found.id;
};

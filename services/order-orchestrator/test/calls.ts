import { orders } from '@jumun/protos';
import { newId } from '@jumun/service-kit';
import type { Quote } from '../src/quote/quote.ts';

/** A quote of one line for one won. */
export const cheapQuote = (name = 'Tea'): Quote => ({
  lines: [{ productId: newId(), optionId: newId(), name, unitPrice: 1, quantity: 1, discountShare: 0 }],
  subtotal: 1,
  discount: 0,
  total: 1,
});

/** Calls of one user by their keys; another letter is another body. */
export const callsOf =
  (userId: string) =>
  (key: string, fingerprint = 'a'): orders.PlaceOrder =>
    orders.PlaceOrder.fromPartial({
      userId,
      idempotency: { caller: userId, route: 'POST /v1/orders', key, fingerprint: fingerprint.repeat(64) },
    });

import type { Input } from '@jumun/saga';
import type { PlacedOrder } from '../order.ts';

interface Move {
  readonly input: Input;
  /** Epoch milliseconds, where it matters; else ten more than before. */
  readonly at?: number;
}

const ID = '01a21ac1-0000-7000-8000-000000000001';
const order: PlacedOrder = {
  id: ID,
  userId: '01a21ac1-0000-7000-8000-00000000000a',
  lines: [
    { productId: 'p1', optionId: 'o1', name: 'Tea / Green', unitPrice: 1_500, quantity: 2, discountShare: 0 },
    { productId: 'p2', optionId: 'o2', name: 'Cup', unitPrice: 300, quantity: 1, discountShare: 0 },
  ],
  subtotal: 3_300,
  discount: 0,
  total: 3_300,
  createdAt: 1_790_000_000_000,
};
const withCoupon: PlacedOrder = {
  ...order,
  lines: order.lines.map((line, index) => ({ ...line, discountShare: index === 0 ? 300 : 30 })),
  discount: 330,
  total: 2_970,
  couponId: '01a21ac1-0000-7000-8000-0000000000c0',
};

const reply = (step: string, type: string, body: object = {}, attempt = 1): Move => ({
  input: { kind: 'reply', commandId: `${ID}/${step}/${attempt}`, reply: { $type: `jumun.${type}`, ...body } },
});
const tick = (afterMs: number): Move => ({ at: order.createdAt + afterMs, input: { kind: 'tick' } });

const reserved = reply('reserve.stock', 'inventory.v1.StockReserved');
const held = reply('reserve.coupon', 'coupon.v1.CouponHeld');
const debited = reply('pay', 'wallet.v1.WalletDebited', { balance: 100, paidAt: new Date(order.createdAt + 25) });
const committed = reply('commit.stock', 'inventory.v1.StockCommitted');
const used = reply('commit.coupon', 'coupon.v1.CouponUsed');
const released = reply('reserve.stock.undo', 'inventory.v1.StockReleased');
const couponReleased = reply('reserve.coupon.undo', 'coupon.v1.CouponReleased');
const undone = (step: string): Move => reply(step, 'common.v1.Undone');
const failed = (step: string, attempt = 1): Move => reply(step, 'common.v1.CommandFailed', { reason: 'BROKEN' }, attempt);
const outOfStock = reply('reserve.stock', 'refusals.v1.OutOfStock', {
  shortages: [{ $type: 'jumun.refusals.v1.Shortage', productId: 'p1', optionId: 'o1', requested: 2, available: 1 }],
});
const tooPoor = reply('pay', 'refusals.v1.InsufficientBalance', { balance: 1_000, required: 3_300, shortBy: 2_300 });

/** What may happen to an order. Recorded ones are never changed. */
export const scenarios: Readonly<Record<string, { readonly order: PlacedOrder; readonly inputs: readonly Move[] }>> = {
  completed: { order, inputs: [reserved, debited, committed] },
  'completed-with-coupon': { order: withCoupon, inputs: [held, reserved, debited, used, committed] },
  'completed-with-every-reply-twice': { order, inputs: [reserved, reserved, debited, reserved, debited, committed, committed, debited] },
  'out-of-stock': { order, inputs: [outOfStock] },
  'out-of-stock-while-the-coupon-is-unknown': { order: withCoupon, inputs: [outOfStock, held, couponReleased] },
  'out-of-stock-and-the-hold-comes-too-late': { order: withCoupon, inputs: [outOfStock, undone('reserve.coupon'), couponReleased] },
  'coupon-used-elsewhere': {
    order: withCoupon,
    inputs: [reserved, reply('reserve.coupon', 'refusals.v1.CouponAlreadyUsed', { couponStatus: 'HELD' }), released],
  },
  'coupon-expired': { order: withCoupon, inputs: [reply('reserve.coupon', 'refusals.v1.CouponExpired'), reserved, released] },
  'coupon-expired-then-out-of-stock': {
    order: withCoupon,
    inputs: [reply('reserve.coupon', 'refusals.v1.CouponExpired'), outOfStock],
  },
  'coupon-expired-while-inventory-is-silent': {
    order: withCoupon,
    inputs: [
      reply('reserve.coupon', 'refusals.v1.CouponExpired'),
      tick(60_000),
      { ...undone('reserve.stock'), at: order.createdAt + 60_010 },
      { ...released, at: order.createdAt + 60_020 },
    ],
  },
  'product-suspended': { order, inputs: [reply('reserve.stock', 'refusals.v1.ProductNotOnSale', { productId: 'p1' })] },
  'short-balance': { order: withCoupon, inputs: [reserved, held, tooPoor, couponReleased, released] },
  'inventory-fails': { order: withCoupon, inputs: [held, failed('reserve.stock'), couponReleased, released] },
  'inventory-silent-then-asked-again': { order, inputs: [tick(59_999), tick(60_000), { ...reserved, at: order.createdAt + 60_500 }] },
  'wallet-silent-parked-and-answered': {
    order,
    inputs: [reserved, tick(60_010), tick(180_010), tick(300_010), tick(400_000), { ...debited, at: order.createdAt + 900_000 }],
  },
  'debit-fails-parked-and-retried': {
    order,
    inputs: [
      reserved,
      failed('pay'),
      { input: { kind: 'retry' } },
      reply('pay', 'wallet.v1.WalletDebited', { balance: 0, paidAt: new Date(order.createdAt + 35) }, 2),
      committed,
    ],
  },
  'commit-fails-parked-and-retried': {
    order,
    inputs: [
      reserved,
      debited,
      failed('commit.stock'),
      { input: { kind: 'retry' } },
      reply('commit.stock', 'inventory.v1.StockCommitted', {}, 2),
    ],
  },
  'undo-fails-parked-and-retried': {
    order: withCoupon,
    inputs: [
      held,
      outOfStock,
      failed('reserve.coupon.undo'),
      { input: { kind: 'retry' } },
      reply('reserve.coupon.undo', 'coupon.v1.CouponReleased', {}, 2),
    ],
  },
};

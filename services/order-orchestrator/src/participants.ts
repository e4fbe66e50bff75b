import { commands } from '@jumun/protos';
import { ask } from '@jumun/saga';
import type { PlacedOrder } from './order.ts';

const optionIds = ({ lines }: PlacedOrder): string[] => lines.map(({ optionId }) => optionId);
/** Only asked of orders with a coupon. */
const couponId = (order: PlacedOrder): string => order.couponId ?? '';

/** What the saga asks of inventory, and what it tells it. */
export const inventory = {
  reserveStock: ask(commands.reserveStock, (order: PlacedOrder) => ({
    orderId: order.id,
    lines: order.lines.map(({ productId, optionId, quantity }) => ({
      $type: 'jumun.inventory.v1.ReserveLine' as const,
      productId,
      optionId,
      quantity,
    })),
  })),
  releaseStock: ask(commands.releaseStock, (order: PlacedOrder) => ({ orderId: order.id, optionIds: optionIds(order) })),
  commitStock: ask(commands.commitStock, (order: PlacedOrder) => ({ orderId: order.id, optionIds: optionIds(order) })),
};

export const coupon = {
  holdCoupon: ask(commands.holdCoupon, (order: PlacedOrder) => ({ orderId: order.id, userId: order.userId, couponId: couponId(order) })),
  releaseCoupon: ask(commands.releaseCoupon, (order: PlacedOrder) => ({ orderId: order.id, couponId: couponId(order) })),
  useCoupon: ask(commands.useCoupon, (order: PlacedOrder) => ({ orderId: order.id, couponId: couponId(order) })),
};

export const wallet = {
  debitWallet: ask(commands.debitWallet, (order: PlacedOrder) => ({ orderId: order.id, userId: order.userId, amount: order.total })),
};

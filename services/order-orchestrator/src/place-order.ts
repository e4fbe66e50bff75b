import type { wallet as walletMessages } from '@jumun/protos';
import { definitionsOf, keep, keepWith, type Progress, refuse, saga } from '@jumun/saga';
import { orderCancelled, orderCompleted } from './order-message.ts';
import type { OrderStatus, PlacedOrder } from './order.ts';
import { coupon, inventory, wallet } from './participants.ts';

const hasCoupon = (order: PlacedOrder): boolean => order.couponId !== undefined;
const paid = (order: PlacedOrder, { paidAt }: walletMessages.WalletDebited) => keepWith({ ...order, paidAt: paidAt?.getTime() });

/** Reserve what is needed, take the money, hand it over. Until the money is taken everything can be undone; after it nothing is. */
export const placeOrder = saga<PlacedOrder>('place-order', { version: 1 })
  .stage('reserve', {
    stock: {
      ask: inventory.reserveStock,
      undo: inventory.releaseStock,
      on: {
        StockReserved: keep,
        OutOfStock: (_, { shortages }) => refuse('OUT_OF_STOCK', { shortages }),
        ProductNotOnSale: (_, { productId }) => refuse('PRODUCT_NOT_ON_SALE', { productId }),
        ProductNotFound: (_, { productId }) => refuse('PRODUCT_NOT_FOUND', { productId }),
      },
    },
    coupon: {
      when: hasCoupon,
      ask: coupon.holdCoupon,
      undo: coupon.releaseCoupon,
      on: {
        CouponHeld: keep,
        CouponNotFound: () => refuse('COUPON_NOT_FOUND'),
        CouponAlreadyUsed: (_, { couponStatus }) => refuse('COUPON_ALREADY_USED', { couponStatus }),
        CouponExpired: () => refuse('COUPON_EXPIRED'),
      },
    },
  })
  .pivot('pay', {
    ask: wallet.debitWallet,
    on: {
      WalletDebited: paid,
      InsufficientBalance: (_, { balance, required, shortBy }) => refuse('INSUFFICIENT_BALANCE', { balance, required, shortBy }),
    },
  })
  .stage('commit', {
    stock: { ask: inventory.commitStock, on: { StockCommitted: keep } },
    coupon: { when: hasCoupon, ask: coupon.useCoupon, on: { CouponUsed: keep } },
  })
  .ends({ completed: orderCompleted, refused: orderCancelled });

/** Every definition that a stored saga may name. An old version stays until no saga of it runs. */
const all = [placeOrder];
export const definitions = definitionsOf(...all);

/** Of each step, the package of its command: `inventory` of `jumun.inventory.v1.ReserveStock`. */
const answeredBy = new Map(
  all.flatMap(({ plan }) => Array.from(plan.stepOf, ([step, { ask }]) => [step, ask.command.name.split('.')[1] ?? ''] as const)),
);

/** Who answers a step, for the timeline. */
export const sourceOf = (step: string): string => {
  const source = answeredBy.get(step);
  if (source === undefined) throw new Error(`no definition has a step ${step}`);
  return source;
};

/** The order's status while its saga is at a stage, or after its end. The one rule: an open order's own row does not say it. */
export const statusOf = ({ phase, stage }: Pick<Progress, 'phase' | 'stage'>): OrderStatus => {
  if (phase === 'completed') return 'COMPLETED';
  if (phase === 'refused') return 'CANCELLED';
  return stage === 'reserve' ? 'VALIDATING' : 'PROCESSING';
};

/** The stages at which an open order has this status: what is looked for among the sagas in its stead. None for any other status. */
export const stagesOf = (status: string): string[] =>
  placeOrder.plan.stages.map(({ name }) => name).filter((stage) => statusOf({ phase: 'running', stage }) === status);

import * as coupon from './generated/jumun/coupon/v1/coupon.ts';
import * as inventory from './generated/jumun/inventory/v1/inventory.ts';
import * as refusals from './generated/jumun/refusals/v1/refusals.ts';
import * as wallet from './generated/jumun/wallet/v1/wallet.ts';
import type { MessageType, UnknownMessage } from './generated/typeRegistry.ts';
import { topicNames } from './topics.ts';

/** A command: where it is sent and every reply that a participant may give to it. */
interface CommandType<C extends UnknownMessage = UnknownMessage, R extends UnknownMessage = UnknownMessage> {
  /** The full proto name, such as `jumun.inventory.v1.ReserveStock`. */
  readonly name: C['$type'];
  readonly topic: string;
  readonly message: MessageType<C>;
  readonly replies: readonly MessageType<R>[];
}

const command = <C extends UnknownMessage, R extends UnknownMessage>(
  topic: string,
  message: MessageType<C>,
  ...replies: MessageType<R>[]
): CommandType<C, R> => ({ name: message.$type, topic, message, replies });

type OneOf<A, B = never, C = never, D = never> = A | B | C | D;

/** Everything that the saga may ask of a participant. Generic replies (`Undone`, `CommandFailed`) may come to any of them. */
export const commands = {
  reserveStock: command<
    inventory.ReserveStock,
    OneOf<inventory.StockReserved, refusals.OutOfStock, refusals.ProductNotOnSale, refusals.ProductNotFound>
  >(
    topicNames.inventoryCommands,
    inventory.ReserveStock,
    inventory.StockReserved,
    refusals.OutOfStock,
    refusals.ProductNotOnSale,
    refusals.ProductNotFound,
  ),
  releaseStock: command(topicNames.inventoryCommands, inventory.ReleaseStock, inventory.StockReleased),
  commitStock: command(topicNames.inventoryCommands, inventory.CommitStock, inventory.StockCommitted),

  holdCoupon: command<
    coupon.HoldCoupon,
    OneOf<coupon.CouponHeld, refusals.CouponNotFound, refusals.CouponAlreadyUsed, refusals.CouponExpired>
  >(
    topicNames.couponCommands,
    coupon.HoldCoupon,
    coupon.CouponHeld,
    refusals.CouponNotFound,
    refusals.CouponAlreadyUsed,
    refusals.CouponExpired,
  ),
  releaseCoupon: command(topicNames.couponCommands, coupon.ReleaseCoupon, coupon.CouponReleased),
  useCoupon: command(topicNames.couponCommands, coupon.UseCoupon, coupon.CouponUsed),

  debitWallet: command<wallet.DebitWallet, OneOf<wallet.WalletDebited, refusals.InsufficientBalance>>(
    topicNames.walletCommands,
    wallet.DebitWallet,
    wallet.WalletDebited,
    refusals.InsufficientBalance,
  ),
} as const;

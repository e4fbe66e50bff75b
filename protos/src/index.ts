/**
 * What the services say to each other: messages with their codecs, gRPC services, commands with their replies, topics.
 * Everything under `generated` comes from the `.proto` files and is never edited.
 */
export * as common from './generated/jumun/common/v1/common.ts';
export * as catalog from './generated/jumun/catalog/v1/catalog.ts';
export * as coupon from './generated/jumun/coupon/v1/coupon.ts';
export * as inventory from './generated/jumun/inventory/v1/inventory.ts';
export * as orders from './generated/jumun/orders/v1/orders.ts';
export * as refusals from './generated/jumun/refusals/v1/refusals.ts';
export * as wallet from './generated/jumun/wallet/v1/wallet.ts';
export { messageTypeRegistry } from './generated/typeRegistry.ts';
export type { DeepPartial, MessageType, UnknownMessage } from './generated/typeRegistry.ts';
export * from './commands.ts';
export * from './descriptors.ts';
export * from './enums.ts';
export * from './refusals.ts';
export * from './topics.ts';

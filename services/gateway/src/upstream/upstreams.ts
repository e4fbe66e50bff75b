import { catalog, coupon, orders, wallet } from '@jumun/protos';
import { grpcClient, type GrpcClient } from '@jumun/service-kit';
import type { GatewayConfig } from '../config.ts';

/** The services behind the gateway, each over all its instances. */
export interface Upstreams {
  readonly wallet: GrpcClient<typeof wallet.WalletServiceService>;
  readonly catalog: GrpcClient<typeof catalog.CatalogServiceService>;
  readonly coupon: GrpcClient<typeof coupon.CouponServiceService>;
  readonly orders: GrpcClient<typeof orders.OrderServiceService>;
}

/**
 * A client for each service behind the gateway, over all addresses of its instances. It connects when it is first used, or asked whether it is
 * connected. Throws for addresses that no client can take in turn: several host names.
 */
export const openUpstreams = (config: GatewayConfig): Upstreams => ({
  wallet: grpcClient(wallet.WalletServiceClient, config.WALLET_GRPC),
  catalog: grpcClient(catalog.CatalogServiceClient, config.CATALOG_GRPC),
  coupon: grpcClient(coupon.CouponServiceClient, config.COUPON_GRPC),
  orders: grpcClient(orders.OrderServiceClient, config.ORDERS_GRPC),
});

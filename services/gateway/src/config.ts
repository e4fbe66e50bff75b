import { address, addressList, commonEnv } from '@jumun/service-kit';
import { z } from 'zod';

const count = z.coerce.number().int().min(0);

/** What the gateway reads from its environment. It speaks to no broker and no database, only to the services. */
export const gatewayEnv = commonEnv.omit({ KAFKA_BROKERS: true, REDIS_URL: true, TOPIC_PREFIX: true }).extend({
  HTTP_ADDRESS: address,
  /** How clients reach this API, without a slash at the end; stands in problem types. Default: `http://HTTP_ADDRESS`. */
  PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional(),
  WALLET_GRPC: addressList,
  CATALOG_GRPC: addressList,
  COUPON_GRPC: addressList,
  ORDERS_GRPC: addressList,
  /** The bytes of this text are the HS256 key. */
  JWT_SIGNING_KEY: z.string().min(32, 'must have 32 characters or more'),
  JWT_KEY_ID: z.string().regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, dashes'),
  ACCESS_TOKEN_TTL_S: z.coerce.number().int().min(1).max(86_400).default(900),
  /** Calls a second, for each user; 0 switches the limit off. */
  RATE_LIMIT_PER_USER: count.default(100),
  /** Calls a second of `POST /v1/users` and `POST /v1/sessions`, for each address; 0 switches the limit off. */
  RATE_LIMIT_PER_ADDRESS: count.default(20),
  /** Requests that take longer, in ms, are logged. */
  SLOW_REQUEST_MS: count.default(1_000),
});

export type GatewayConfig = z.infer<typeof gatewayEnv>;

export const publicUrlOf = ({ PUBLIC_URL, HTTP_ADDRESS }: GatewayConfig): string => PUBLIC_URL ?? `http://${HTTP_ADDRESS}`;

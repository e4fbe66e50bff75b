import type { Logger } from '@jumun/service-kit';
import { type DynamicModule, Inject, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { accountRoutes } from './accounts/routes.ts';
import { openGate } from './auth/gate.ts';
import { openTokens, type Tokens } from './auth/tokens.ts';
import { type GatewayConfig, publicUrlOf } from './config.ts';
import { couponRoutes } from './coupons/routes.ts';
import { docPages } from './docs/pages.ts';
import { healthPages } from './health/pages.ts';
import { mount } from './http/mount.ts';
import type { Route } from './http/route.ts';
import { problemSender } from './http/send-problem.ts';
import { rateLimit } from './limits/rate-limit.ts';
import { orderRoutes } from './orders/routes.ts';
import { productRoutes } from './products/routes.ts';
import { type Ask, openAsk } from './upstream/ask.ts';
import type { OrderStreams } from './upstream/order-streams.ts';
import type { Upstreams } from './upstream/upstreams.ts';
import { walletRoutes } from './wallet/routes.ts';

export interface GatewayParts {
  readonly config: GatewayConfig;
  readonly logger: Logger;
  readonly upstreams: Upstreams;
  readonly streams: OrderStreams;
  /** Whether requests should be sent here. */
  readonly isReady: () => boolean;
}

/** The table of routes: the whole API. */
export const routesOf = (upstreams: Upstreams, streams: OrderStreams, tokens: Tokens, ask: () => Ask = openAsk): Route[] => [
  ...accountRoutes(upstreams, ask(), tokens),
  ...walletRoutes(upstreams, ask()),
  ...productRoutes(upstreams, ask()),
  ...couponRoutes(upstreams, ask()),
  ...orderRoutes(upstreams, ask(), streams),
];

const PARTS = Symbol('parts');

/** Puts the routes onto the server when Nest has wired everything, and closes the ways to the services at the end. */
@Module({})
export class GatewayModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(PARTS) private readonly parts: GatewayParts,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  static of(parts: GatewayParts): DynamicModule {
    return { module: GatewayModule, providers: [{ provide: PARTS, useValue: parts }] };
  }

  onModuleInit(): void {
    const { config, upstreams, streams, isReady } = this.parts;
    const tokens = openTokens({ signingKey: config.JWT_SIGNING_KEY, keyId: config.JWT_KEY_ID, ttlS: config.ACCESS_TOKEN_TTL_S });
    const gate = openGate({ tokens, perUser: rateLimit(config.RATE_LIMIT_PER_USER), perAddress: rateLimit(config.RATE_LIMIT_PER_ADDRESS) });
    const sendProblem = problemSender(publicUrlOf(config));
    const routes = routesOf(upstreams, streams, tokens);
    const server = this.host.httpAdapter.getInstance<FastifyInstance>();
    mount(server, routes, { ...healthPages(isReady, sendProblem), ...docPages(routes) }, gate, sendProblem);
  }

  onApplicationShutdown(): void {
    const { wallet, catalog, coupon, orders } = this.parts.upstreams;
    this.parts.streams.close();
    for (const client of [wallet, catalog, coupon, orders]) client.close();
  }
}

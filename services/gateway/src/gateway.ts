import { type Logger, nestLogger } from '@jumun/service-kit';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type GatewayConfig, publicUrlOf } from './config.ts';
import { GatewayModule } from './gateway.module.ts';
import { openServer } from './http/server.ts';
import { GatewayAdapter } from './nest-adapter.ts';
import { openOrderStreams } from './upstream/order-streams.ts';
import { openUpstreams } from './upstream/upstreams.ts';

export interface Gateway {
  readonly app: NestFastifyApplication;
  /** Whether every service has been reached since the start. Later absences do not count: the others can still be served. */
  reachedAll(): boolean;
  /** No new connections; open requests may end within `graceMs`, then those who wait for an order are told to ask again. */
  stop(graceMs: number): Promise<void>;
}

export const openGateway = async (config: GatewayConfig, logger: Logger, isStopping: () => boolean): Promise<Gateway> => {
  const upstreams = openUpstreams(config);
  const streams = openOrderStreams(config.ORDERS_GRPC, logger);
  const missing = new Map<string, () => boolean>([
    ...Object.entries(upstreams).map(([name, client]) => [name, () => client.connected()] as const),
    ['orders stream', () => streams.connected()],
  ]);
  const reachedAll = (): boolean => {
    for (const [name, connected] of missing) if (connected()) missing.delete(name);
    return missing.size === 0;
  };
  const server = openServer({ publicUrl: publicUrlOf(config), slowRequestMs: config.SLOW_REQUEST_MS, logger });
  const module = GatewayModule.of({ config, logger, upstreams, streams, isReady: () => !isStopping() && reachedAll() });
  const app = await NestFactory.create<NestFastifyApplication>(module, new GatewayAdapter(server), {
    logger: nestLogger(logger),
    bodyParser: false,
    abortOnError: false,
  });
  return {
    app,
    reachedAll,
    stop: async (graceMs) => {
      const giveUp = setTimeout(() => streams.giveUp(), graceMs);
      await app.close();
      clearTimeout(giveUp);
    },
  };
};

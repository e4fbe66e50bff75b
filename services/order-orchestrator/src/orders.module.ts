import { type Consumer, openBus, startPurge } from '@jumun/messaging';
import { defaultPace, sagaRunner } from '@jumun/saga';
import { openLease, openRedis, prismaAdapter, type ServiceContext } from '@jumun/service-kit';
import { type DynamicModule, Module } from '@nestjs/common';
import { openPlacing } from './accept/place.ts';
import type { OrchestratorConfig } from './config.ts';
import { PrismaClient } from './generated/prisma/client.ts';
import { ORDERS_PARTS, OrdersController, type OrdersParts } from './orders.controller.ts';
import { definitions } from './place-order.ts';
import { openCommands } from './progress/commands.ts';
import { openEvents } from './progress/events.ts';
import { consumeReplies } from './progress/replies.ts';
import { startSweep } from './progress/sweep.ts';
import { openQuoting } from './quote/quote.ts';
import { sagaStore } from './store/saga-store.ts';
import { openWaiters } from './wait/waiters.ts';

@Module({})
class OrdersModule {}

/** Everything of orders, wired: acceptance over gRPC, sagas over Kafka, the sweep that forgets none. */
export const ordersModule = async ({
  config,
  db,
  logger,
  readyWhen,
  onStop,
}: ServiceContext<OrchestratorConfig>): Promise<DynamicModule> => {
  const bus = await openBus({ brokers: config.KAFKA_BROKERS, clientId: 'order-orchestrator', topicPrefix: config.TOPIC_PREFIX, logger });
  onStop('bus', () => bus.close());
  onStop('purge', startPurge({ db, logger, idempotency: true }));
  const { quote, close } = openQuoting({ catalog: config.CATALOG_GRPC, coupon: config.COUPON_GRPC, wallet: config.WALLET_GRPC });
  onStop('upstreams', async () => close());
  const events = openEvents({ bus, db, logger });
  onStop('events', () => events.stop());
  const waiters = openWaiters(db);
  onStop('waiters', async () => waiters.stop());

  let replies: Consumer | undefined;
  const commands = openCommands(() => replies);
  const pace = { ...defaultPace, askAgainMs: config.SAGA_IDLE_MS };
  const runner = sagaRunner({
    store: sagaStore(db),
    definitions,
    pace,
    send: (messages) => bus.send(commands.toMessages(messages)),
    committed: async (changes) => {
      const ended = changes.filter(({ end }) => end !== null).map(({ id }) => id);
      waiters.ended(ended);
      commands.forget(ended);
      await events.publish(changes);
    },
  });

  replies = await consumeReplies({ bus, runner, commands, logger });
  readyWhen('reply consumer', () => replies?.healthy());
  onStop('reply consumer', () => (replies as Consumer).stop());

  const redis = openRedis(config.REDIS_URL, { logger });
  onStop('redis', async () => redis.disconnect());
  const lease = openLease(redis, {
    name: `${config.TOPIC_PREFIX}saga-sweep`,
    holder: config.INSTANCE_ID,
    ttlMs: config.SWEEP_INTERVAL_MS * 3,
  });
  onStop('sweep', startSweep({ runner, events, lease, logger, everyMs: config.SWEEP_INTERVAL_MS }));

  const place = openPlacing({
    db,
    quote,
    pace,
    waiters,
    logger,
    send: (messages, calls) => {
      for (const [orderId, { traceparent }] of calls) commands.trace(orderId, traceparent);
      void bus
        .send(commands.toMessages(messages))
        .catch((error: unknown) => logger.warn({ err: error }, 'first commands are left to the sweep'));
    },
  });
  const parts: OrdersParts = { db, place, prisma: new PrismaClient({ adapter: prismaAdapter(db) }) };
  return { module: OrdersModule, controllers: [OrdersController], providers: [{ provide: ORDERS_PARTS, useValue: parts }] };
};

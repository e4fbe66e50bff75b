import { type Consumer, openBus, startPurge } from '@jumun/messaging';
import { defaultPace } from '@jumun/saga';
import { openInBackground, openLease, openRedis, prismaAdapter } from '@jumun/service-kit';
import type { ServiceContext } from '@jumun/service-kit/service';
import { type DynamicModule, Module } from '@nestjs/common';
import { openPlacing } from './accept/place.ts';
import type { OrchestratorConfig } from './config.ts';
import { PrismaClient } from './generated/prisma/client.ts';
import { countSagas } from './metrics.ts';
import { ORDERS_PARTS, OrdersController, type OrdersParts } from './orders.controller.ts';
import { openCommands } from './progress/commands.ts';
import { openEvents } from './progress/events.ts';
import { openPost } from './progress/post.ts';
import { openProgress } from './progress/progress.ts';
import { consumeReplies } from './progress/replies.ts';
import { startSweep } from './progress/sweep.ts';
import { openTraces } from './progress/traces.ts';
import { openQuoting } from './quote/quote.ts';
import { openWaiters } from './wait/waiters.ts';

const HOUR_MS = 3_600_000;

@Module({})
class OrderOrchestratorModule {}

/** Everything of orders, wired: acceptance over gRPC, sagas over Kafka, the sweep that forgets none. */
export const orderOrchestratorModule = async (context: ServiceContext<OrchestratorConfig>): Promise<DynamicModule> => {
  const { config, db, logger, onStop, stopping } = context;
  const bus = openBus({ brokers: config.KAFKA_BROKERS, clientId: 'order-orchestrator', topicPrefix: config.TOPIC_PREFIX, logger });
  onStop('bus', () => bus.close());
  onStop('purge', startPurge({ db, logger, idempotencyRetentionMs: config.IDEMPOTENCY_HOURS * HOUR_MS }));
  countSagas(db);

  const post = openPost(bus);
  const traces = openTraces();
  const waiters = openWaiters(db);
  onStop('waiters', () => waiters.stop());
  const events = openEvents({ post, db, traces, logger });
  onStop('events', () => events.stop());

  let replies = (): Consumer | undefined => undefined; // they move what sends commands, and commands name the partition in which they are read
  const toMessages = openCommands(() => replies(), traces);
  const pace = { ...defaultPace, askAgainMs: config.SAGA_IDLE_MS };
  const runner = openProgress({ db, post, toMessages, events, waiters, traces, logger, pace });
  const joining = consumeReplies({ bus, runner, traces, logger, sessionTimeoutMs: config.CONSUMER_SESSION_MS });
  replies = openInBackground(context, 'reply consumer', joining);

  const redis = openRedis(config.REDIS_URL, { logger });
  onStop('redis', () => redis.disconnect());
  const leaseMs = config.SWEEP_INTERVAL_MS * 3;
  const lease = openLease(redis, { name: `${config.TOPIC_PREFIX}saga-sweep`, holder: config.INSTANCE_ID, ttlMs: leaseMs });
  onStop('sweep', startSweep({ runner, events, lease, logger, everyMs: config.SWEEP_INTERVAL_MS, standAsideMs: leaseMs }));

  const quoting = openQuoting({ catalog: config.CATALOG_GRPC, coupon: config.COUPON_GRPC, wallet: config.WALLET_GRPC }, logger);
  onStop('upstreams', () => quoting.close());
  const place = openPlacing({
    db,
    quote: quoting.quote,
    pace,
    waiters,
    logger,
    accepted: (sagas) => runner.accepted(sagas),
    send: (messages, calls) => {
      for (const [orderId, { traceparent }] of calls) traces.keep(orderId, traceparent);
      post(toMessages(messages)).catch((err: unknown) => logger.warn({ err }, 'first commands are left to the sweep'));
    },
  });
  const parts: OrdersParts = { db, place, stopping, prisma: new PrismaClient({ adapter: prismaAdapter(db) }) };
  return { module: OrderOrchestratorModule, controllers: [OrdersController], providers: [{ provide: ORDERS_PARTS, useValue: parts }] };
};

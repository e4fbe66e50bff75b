import { openBus, openOutbox, runParticipant, startPurge } from '@jumun/messaging';
import { topicNames } from '@jumun/protos';
import { openInBackground } from '@jumun/service-kit';
import type { ServiceContext } from '@jumun/service-kit/service';
import { type DynamicModule, Module } from '@nestjs/common';
import type { CouponConfig } from './config.ts';
import { COUPON_PARTS, CouponController, type CouponParts } from './coupon.controller.ts';
import { couponParticipant } from './hold/participant.ts';
import { openIssuing } from './issue/issue.ts';

@Module({})
class CouponModule {}

/** Everything of coupons, wired: events, issuing and quotes over gRPC; holding and using over Kafka. */
export const couponModule = async (context: ServiceContext<CouponConfig>): Promise<DynamicModule> => {
  const { config, db, logger, onStop } = context;
  const bus = openBus({ brokers: config.KAFKA_BROKERS, clientId: 'coupon', topicPrefix: config.TOPIC_PREFIX, logger });
  onStop('bus', () => bus.close());
  const outbox = openOutbox({ db, bus, logger });
  outbox.start();
  onStop('outbox', () => outbox.stop());
  onStop('purge', startPurge({ db, logger, inbox: true, outbox: true, idempotencyRetentionMs: config.IDEMPOTENCY_HOURS * 3_600_000 }));

  const holds = runParticipant({
    bus,
    db,
    logger,
    outbox,
    batchSizeMax: config.COMMAND_BATCH_SIZE_MAX,
    sessionTimeoutMs: config.CONSUMER_SESSION_MS,
    group: 'coupon',
    topic: topicNames.couponCommands,
    repliesTopic: topicNames.orderReplies,
    participant: couponParticipant,
  });
  openInBackground(context, 'hold consumer', holds);

  const parts: CouponParts = {
    db,
    issue: openIssuing({ db, outbox, limits: { batchSizeMax: config.ISSUE_BATCH_SIZE_MAX, queueMax: config.ISSUE_QUEUE_MAX } }),
  };
  return { module: CouponModule, controllers: [CouponController], providers: [{ provide: COUPON_PARTS, useValue: parts }] };
};

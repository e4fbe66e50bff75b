import { openBus, openOutbox, runParticipant, startPurge } from '@jumun/messaging';
import { topicNames } from '@jumun/protos';
import { openInBackground, prismaAdapter } from '@jumun/service-kit';
import type { ServiceContext } from '@jumun/service-kit/service';
import { type DynamicModule, Module } from '@nestjs/common';
import { CATALOG_PARTS, CatalogController, type CatalogParts } from './catalog.controller.ts';
import type { CatalogConfig } from './config.ts';
import { PrismaClient } from './generated/prisma/client.ts';
import { stockParticipant } from './reserve/participant.ts';

@Module({})
class CatalogInventoryModule {}

/** Everything of catalog and inventory, wired: products and quotes over gRPC; reservations over Kafka. */
export const catalogInventoryModule = async (context: ServiceContext<CatalogConfig>): Promise<DynamicModule> => {
  const { config, db, logger, onStop } = context;
  const bus = openBus({ brokers: config.KAFKA_BROKERS, clientId: 'catalog-inventory', topicPrefix: config.TOPIC_PREFIX, logger });
  onStop('bus', () => bus.close());
  const outbox = openOutbox({ db, bus, logger });
  outbox.start();
  onStop('outbox', () => outbox.stop());
  onStop('purge', startPurge({ db, logger, inbox: true, outbox: true, idempotencyRetentionMs: config.IDEMPOTENCY_HOURS * 3_600_000 }));

  const reservations = runParticipant({
    bus,
    db,
    logger,
    outbox,
    batchSizeMax: config.COMMAND_BATCH_SIZE_MAX,
    sessionTimeoutMs: config.CONSUMER_SESSION_MS,
    group: 'inventory',
    topic: topicNames.inventoryCommands,
    repliesTopic: topicNames.orderReplies,
    participant: stockParticipant,
  });
  openInBackground(context, 'reservation consumer', reservations);

  const parts: CatalogParts = { db, outbox, prisma: new PrismaClient({ adapter: prismaAdapter(db) }) };
  return { module: CatalogInventoryModule, controllers: [CatalogController], providers: [{ provide: CATALOG_PARTS, useValue: parts }] };
};

import { openBus, openOutbox, runParticipant, startPurge } from '@jumun/messaging';
import { topicNames } from '@jumun/protos';
import { openInBackground, prismaAdapter } from '@jumun/service-kit';
import type { ServiceContext } from '@jumun/service-kit/service';
import { type DynamicModule, Module } from '@nestjs/common';
import { openCharging } from './charge/charge.ts';
import type { WalletConfig } from './config.ts';
import { walletParticipant } from './debit/participant.ts';
import { PrismaClient } from './generated/prisma/client.ts';
import { purgeSessions } from './sessions/purge.ts';
import { openPasswords } from './users/passwords.ts';
import { WALLET_PARTS, WalletController, type WalletParts } from './wallet.controller.ts';

const HOUR_MS = 3_600_000;

@Module({})
class WalletModule {}

/** Everything of the wallet, wired: users, sessions, charges over gRPC; debits over Kafka. */
export const walletModule = async (context: ServiceContext<WalletConfig>): Promise<DynamicModule> => {
  const { config, db, logger, onStop } = context;
  const bus = openBus({ brokers: config.KAFKA_BROKERS, clientId: 'wallet', topicPrefix: config.TOPIC_PREFIX, logger });
  onStop('bus', () => bus.close());
  const outbox = openOutbox({ db, bus, logger });
  outbox.start();
  onStop('outbox', () => outbox.stop());
  const idempotencyRetentionMs = config.IDEMPOTENCY_HOURS * HOUR_MS;
  onStop('purge', startPurge({ db, logger, inbox: true, outbox: true, idempotencyRetentionMs, also: [purgeSessions] }));

  const debits = runParticipant({
    bus,
    db,
    logger,
    outbox,
    batchSizeMax: config.COMMAND_BATCH_SIZE_MAX,
    sessionTimeoutMs: config.CONSUMER_SESSION_MS,
    group: 'wallet',
    topic: topicNames.walletCommands,
    repliesTopic: topicNames.orderReplies,
    participant: walletParticipant,
  });
  openInBackground(context, 'debit consumer', debits);

  const parts: WalletParts = {
    db,
    prisma: new PrismaClient({ adapter: prismaAdapter(db) }),
    passwords: openPasswords(),
    sessionDays: config.SESSION_DAYS,
    charge: openCharging({
      db,
      outbox,
      rules: { unit: config.CHARGE_UNIT, limit: config.CHARGE_LIMIT, balanceLimit: config.BALANCE_LIMIT },
      limits: { batchSizeMax: config.CHARGE_BATCH_SIZE_MAX, queueMax: config.CHARGE_QUEUE_MAX },
    }),
  };
  return { module: WalletModule, controllers: [WalletController], providers: [{ provide: WALLET_PARTS, useValue: parts }] };
};

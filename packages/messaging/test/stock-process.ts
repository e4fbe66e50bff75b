// A participant and an outbox as a process of their own, run by Node itself, for specs that kill or stop it: see `start-stock.ts`.
import { common } from '@jumun/protos';
import { createLogger, openDatabase } from '@jumun/service-kit';
import { openBus, openOutbox, runParticipant } from '../src/index.ts';
import { COMMANDS, EVENTS, REPLIES } from './fixture.ts';
import { stockParticipant } from './stock-participant.ts';

const { KAFKA_BROKERS = '', DATABASE_URL = '', TOPIC_PREFIX = '' } = process.env;
const logger = createLogger('stock-process', 'info');
const bus = openBus({ brokers: KAFKA_BROKERS.split(','), clientId: 'stock-process', topicPrefix: TOPIC_PREFIX, logger });
const db = openDatabase(DATABASE_URL, { logger });
const outbox = openOutbox({ db, bus, logger, pollMs: 200 });

/** Something happens here that does not begin in Kafka: an event is added with its effect, and sent after the commit. */
process.on('message', (id: string) => {
  const event = { topic: EVENTS, key: id, id, payload: common.CommandFailed.fromPartial({ reason: 'told' }) };
  void db.transaction((tx) => outbox.add(tx, [event])).then(() => outbox.flush([event]));
});

const consumer = await runParticipant({
  bus,
  db,
  logger,
  group: 'stock',
  topic: COMMANDS,
  repliesTopic: REPLIES,
  participant: stockParticipant(),
  outbox,
  sessionTimeoutMs: 6_000,
  commitIntervalMs: 200,
});
outbox.start();
process.send?.('ready');

process.once('SIGTERM', () => {
  void consumer
    .stop()
    .then(() => outbox.stop())
    .then(() => Promise.all([bus.close(), db.close()]))
    .then(() => process.exit(0));
});

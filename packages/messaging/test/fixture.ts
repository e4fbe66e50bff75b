import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, type Database, type Logger } from '@jumun/service-kit';
import { Kafka, type KafkaMessage, logLevel } from 'kafkajs';
import { eventually as within, freshDatabase, freshPrefix, infrastructure } from '@jumun/testkit';
import { type Bus, type Consumer, type InMessage, INBOX_DDL, openBus, OUTBOX_DDL } from '../src/index.ts';

/** What is waited for happens sooner or later on any machine: the limit only says when a test has failed. */
const WITHIN_MS = 60_000;
export const eventually = <T>(check: () => T | Promise<T>, { withinMs = WITHIN_MS } = {}): Promise<T> => within(check, { withinMs });

/** What the tests' participant works on: units by option, and what each order has reserved. */
const STOCK_DDL = `CREATE TABLE stock (option_id VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY, available BIGINT NOT NULL,
  version BIGINT NOT NULL DEFAULT 1, CHECK (available >= 0)) ENGINE = InnoDB`;
const RESERVED_DDL = `CREATE TABLE reserved (order_id VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  option_id VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, quantity BIGINT NOT NULL, PRIMARY KEY (order_id, option_id)) ENGINE = InnoDB`;

const DAY_MS = 86_400_000;
export const COMMANDS = 'test.commands.v1';
export const REPLIES = 'test.replies.v1';
export const EVENTS = 'test.events.v1';
const PARTITIONS = 4;

export const logger: Logger = createLogger('messaging-test', process.env['LOG_LEVEL'] ?? 'silent');

export interface Fixture {
  readonly prefix: string;
  readonly bus: Bus;
  readonly db: Database;
  /** Of the schema. */
  readonly url: string;
  /** Another bus on the same topics, as another process has it. */
  readonly openBus: () => Promise<Bus>;
  /** Everything that a topic gets from now on and has got before. */
  readonly collect: (topic: string) => Promise<{ messages: InMessage[]; consumer: Consumer }>;
  /** The bare records of a topic, for what is no message of ours. */
  readonly keepRaw: (topic: string) => Promise<KafkaMessage[]>;
  /** Stopped at the end of the test file at the latest. */
  readonly keep: <T extends { stop(): Promise<void> }>(running: T) => T;
  readonly close: () => Promise<void>;
}

const migrations = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'jumun-messaging-'));
  mkdirSync(join(folder, '1_init'));
  writeFileSync(join(folder, '1_init', 'migration.sql'), [INBOX_DDL, OUTBOX_DDL, STOCK_DDL, RESERVED_DDL].join(';\n') + ';\n');
  return folder;
};

export const table = [COMMANDS, REPLIES, EVENTS].flatMap((name) => [
  { name, partitions: PARTITIONS, retentionMs: DAY_MS, cleanup: 'delete' as const },
  { name: `${name}.dlq`, partitions: 1, retentionMs: DAY_MS, cleanup: 'delete' as const },
]);

export const openFixture = async (): Promise<Fixture> => {
  const { kafkaBrokers } = await infrastructure();
  const prefix = freshPrefix();
  const buses: Bus[] = [];
  const raws = new Map<string, KafkaMessage[]>();
  const running: { stop(): Promise<void> }[] = [];
  const anotherBus = async (): Promise<Bus> => {
    const bus = openBus({ brokers: kafkaBrokers, clientId: 'messaging-test', topicPrefix: prefix, logger });
    buses.push(bus);
    return bus;
  };
  const bus = await anotherBus();
  await bus.createTopics(table);
  const database = await freshDatabase(migrations());
  const { db, url } = database;
  return {
    prefix,
    bus,
    db,
    url,
    openBus: anotherBus,
    collect: async (topic) => {
      const messages: InMessage[] = [];
      const consumer = await bus.consume({
        group: `collect-${topic}`,
        topics: [topic],
        sessionTimeoutMs: 6_000,
        handle: async (batch) => void messages.push(...batch),
      });
      running.push(consumer);
      return { messages, consumer };
    },
    keepRaw: async (topic) => {
      const known = raws.get(topic);
      if (known !== undefined) return known;
      const records: KafkaMessage[] = [];
      raws.set(topic, records);
      const kafka = new Kafka({ brokers: kafkaBrokers, logLevel: logLevel.NOTHING });
      const consumer = kafka.consumer({ groupId: `${prefix}raw-${topic}`, maxWaitTimeInMs: 100 });
      await consumer.connect();
      await consumer.subscribe({ topics: [prefix + topic], fromBeginning: true });
      await consumer.run({ eachMessage: ({ message }) => Promise.resolve(void records.push(message)) });
      running.push({ stop: () => consumer.disconnect() });
      return records;
    },
    keep: (each) => {
      running.push(each);
      return each;
    },
    close: async () => {
      await Promise.all(running.map((each) => each.stop()));
      await Promise.all(buses.map((each) => each.close()));
      await database.drop();
    },
  };
};

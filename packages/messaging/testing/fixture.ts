import type { Topic } from '@jumun/protos';
import { deadLetterTopic } from '@jumun/protos';
import { createLogger } from '@jumun/service-kit';
import { eventually, freshDatabase, freshPrefix, infrastructure } from '@jumun/testkit';
import kafkajs, { type KafkaMessage } from 'kafkajs';
import { runParticipant } from '../src/inbox/run-participant.ts';
import { openBus } from '../src/kafka/bus.ts';
import type { Bus, Consumer, InMessage, OutMessage } from '../src/kafka/types.ts';
import { release, reserve, shelves, type ShelvesOptions } from './shelves.ts';

export const COMMANDS = 'shelf.commands';
export const REPLIES = 'shelf.replies';
export const logger = createLogger('test', process.env['TEST_LOG'] ?? 'silent');

const topic = (name: string): Topic => ({ name, partitions: 3, retentionMs: 3_600_000, cleanup: 'delete' });
const migrations = new URL('migrations', import.meta.url).pathname;

export interface TestBus {
  readonly bus: Bus;
  readonly prefix: string;
  readonly brokers: string[];
  /** Everything of a topic, as it comes. */
  collect(topic: string): Promise<InMessage[]>;
  /** Raw records of a topic, as it comes: for what is no message. */
  collectRaw(topic: string): Promise<KafkaMessage[]>;
  close(): Promise<void>;
}

/** A bus over the run's broker, with topics of its own. */
export const openTestBus = async (prefix = freshPrefix(), create = true): Promise<TestBus> => {
  const { kafkaBrokers: brokers } = await infrastructure();
  const bus = openBus({ brokers, clientId: 'test', topicPrefix: prefix, logger, sessionTimeoutMs: 6_000 });
  if (create) await bus.createTopics([COMMANDS, REPLIES, deadLetterTopic(COMMANDS)].map(topic), { replicationFactor: 1 });
  const raws: kafkajs.Consumer[] = [];
  const collectRaw = async (name: string): Promise<KafkaMessage[]> => {
    const kafka = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING });
    const consumer = kafka.consumer({ groupId: `${prefix}raw-${raws.length}`, maxWaitTimeInMs: 100 });
    raws.push(consumer);
    const records: KafkaMessage[] = [];
    await consumer.connect();
    await consumer.subscribe({ topics: [prefix + name], fromBeginning: true });
    await consumer.run({ eachMessage: ({ message }) => Promise.resolve(void records.push(message)) });
    return records;
  };
  let collectors = 0;
  return {
    bus,
    prefix,
    brokers,
    collect: async (name) => {
      const messages: InMessage[] = [];
      const group = `collect-${name}-${collectors++}`;
      await bus.consume({ group, topics: [name], handle: (batch) => Promise.resolve(void messages.push(...batch)) });
      return messages;
    },
    collectRaw,
    close: async () => {
      await Promise.all(raws.map((consumer) => consumer.disconnect()));
      await bus.close();
    },
  };
};

/** A participant over shelves, running, with what it answers. */
export const openShelfService = async (options: ShelvesOptions & { inboxRetentionMs?: number } = {}) => {
  const [fresh, testBus] = await Promise.all([freshDatabase(migrations), openTestBus()]);
  const { bus } = testBus;
  const { db } = fresh;
  const replies = await testBus.collect(REPLIES);
  const letters = await testBus.collectRaw(deadLetterTopic(COMMANDS));
  return {
    ...testBus,
    db,
    replies,
    letters,
    start: async (over: Bus = bus): Promise<Consumer> => {
      const { inboxRetentionMs } = options;
      const parts = { bus: over, db, group: 'shelf', topic: COMMANDS, repliesTopic: REPLIES, logger, inboxRetentionMs };
      return runParticipant({ ...parts, participant: shelves(options) });
    },
    fill: (id: string, available: number) => db.execute('INSERT INTO shelf (id, available) VALUES (?, ?)', [id, available]),
    available: async (id: string) =>
      (await db.query<{ available: number }>('SELECT available FROM shelf WHERE id = ?', [id]))[0]!.available,
    repliesTo: (commandId: string) => replies.filter((reply) => reply.commandId === commandId).map(({ type }) => type.split('.').at(-1)!),
    stop: async () => {
      await testBus.close();
      await fresh.drop();
    },
  };
};

export type ShelfService = Awaited<ReturnType<typeof openShelfService>>;

export const reserveCommand = (orderId: string, shelfId: string, more: Partial<OutMessage> = {}): OutMessage => ({
  topic: COMMANDS,
  key: orderId,
  id: `${orderId}/reserve/1`,
  payload: reserve(orderId, shelfId),
  ...more,
});
export const releaseCommand = (orderId: string, shelfId: string, more: Partial<OutMessage> = {}): OutMessage => ({
  topic: COMMANDS,
  key: orderId,
  id: `${orderId}/release/1`,
  payload: release(orderId, shelfId),
  undoes: `${orderId}/reserve/1`,
  ...more,
});

export { eventually };

import type { Logger } from '@jumun/service-kit';
import { encode, Received } from './codec.ts';
import { openKafka } from './connect.ts';
import { openConsumer } from './consumer.ts';
import { type DeadLetter, deadLetterRecord } from './dead-letter.ts';
import { deadLetters } from './metrics.ts';
import { openProducer } from './producer.ts';
import { createTopics } from './topics.ts';
import type { Bus, Consumer } from './types.ts';

export interface BusConfig {
  readonly brokers: readonly string[];
  /** Names this service at the broker and in `ce_source`. */
  readonly clientId: string;
  /** Stands before all topics and groups, so that installations and tests can share a broker. */
  readonly topicPrefix?: string;
  readonly logger: Logger;
  /** A member that is silent for so long loses its partitions (default 10,000; the broker's least is 6,000). */
  readonly sessionTimeoutMs?: number;
}

const SESSION_TIMEOUT_MS = 10_000;

/** Connects when it is first used, and again whenever it must. */
export const openBus = ({ brokers, clientId, topicPrefix = '', logger, sessionTimeoutMs = SESSION_TIMEOUT_MS }: BusConfig): Bus => {
  const kafka = openKafka({ brokers, clientId, logger });
  const producer = openProducer({ kafka, logger });
  const consumers = new Set<Consumer>();

  const bury = async (letters: readonly DeadLetter[]): Promise<void> => {
    await producer.send(
      letters.map((letter) => {
        const { topic, record } = deadLetterRecord(letter);
        return { topic: topicPrefix + topic, record };
      }),
    );
    for (const { topic, partition, record, group, reason } of letters) {
      deadLetters.inc({ topic, group });
      logger.error({ topic, partition, offset: record.offset, group, reason }, 'dead letter');
    }
  };

  return {
    send: async (messages) => {
      if (messages.length === 0) return;
      await producer.send(messages.map((message) => ({ topic: topicPrefix + message.topic, record: encode(message, clientId) })));
    },
    consume: async (options) => {
      const consumer = openConsumer({ kafka, topicPrefix, sessionTimeoutMs, logger, bury }, options);
      consumers.add(consumer);
      return consumer;
    },
    createTopics: (topics, { replicationFactor }) => createTopics(kafka, topicPrefix, topics, replicationFactor),
    deadLetter: async (message, group, reason) => {
      if (!(message instanceof Received)) throw new TypeError('only a message that was received can be a dead letter');
      await bury([{ topic: message.topic, partition: message.partition, record: message.record, group, attempts: 1, reason }]);
    },
    close: async () => {
      await Promise.all(Array.from(consumers, (consumer) => consumer.stop()));
      await producer.close();
    },
  };
};

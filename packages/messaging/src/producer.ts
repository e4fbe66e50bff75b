import { faultPoint, isTransient, type Logger, retryWithBackoff, TransientError, within } from '@jumun/service-kit';
import type { Kafka, RecordMetadata } from 'kafkajs';
import { sendError } from './errors.ts';
import type { EncodedMessage } from './message.ts';
import { type Addressed, createPartitioner } from './partitioner.ts';
import { portionsOf } from './portions.ts';

export interface Producer {
  send(messages: readonly EncodedMessage[]): Promise<void>;
  close(): Promise<void>;
}

/** Every ack of a broker that answers comes within milliseconds; a broker that restarts needs some 10 s. */
const SEND_LIMIT_MS = 30_000;
const ACK_TIMEOUT_MS = 10_000;
/** What is under way when the producer is closed may still be acknowledged within that; then it is given up. */
const CLOSE_GRACE_MS = 500;
const DISCONNECT_MS = 250;

const placeOf = (topic: string, partition: number | undefined): string => `${topic}/${partition}`;

/** kafkajs answers nothing at all for a partition whose leader it does not know, so the answers are held against what was sent. */
const checkAcks = (byTopic: ReadonlyMap<string, Addressed[]>, acks: readonly RecordMetadata[]): void => {
  const acknowledged = new Set<string>();
  for (const { topicName, partition, errorCode } of acks) if (errorCode === 0) acknowledged.add(placeOf(topicName, partition));
  for (const [topic, messages] of byTopic)
    for (const { partition } of messages)
      if (!acknowledged.has(placeOf(topic, partition))) throw new TransientError(`no acknowledgement from ${topic}/${partition}`);
};

/**
 * Not idempotent on purpose: kafkajs's idempotent producer loses acknowledged messages when a connection breaks between concurrent sends.
 * Duplicates are everybody's daily bread here, losses are not.
 */
export const openProducer = ({ kafka, topicPrefix, logger }: { kafka: Kafka; topicPrefix: string; logger: Logger }): Producer => {
  const producer = kafka.producer({ idempotent: false, allowAutoTopicCreation: false, createPartitioner });
  let connected: Promise<void> | undefined;
  const connect = (): Promise<void> =>
    (connected ??= producer.connect().catch((error: unknown) => {
      connected = undefined;
      throw error;
    }));

  const addressed = (messages: readonly EncodedMessage[]): Map<string, Addressed[]> => {
    const byTopic = new Map<string, Addressed[]>();
    for (const { topic, key, value, headers, partition, partitionHint } of messages) {
      const name = topicPrefix + topic;
      const list = byTopic.get(name) ?? [];
      if (list.length === 0) byTopic.set(name, list);
      list.push({ key, value, headers: headers as Record<string, string | Buffer>, wanted: partition, hint: partitionHint });
    }
    return byTopic;
  };

  const sendOnce = async (messages: readonly EncodedMessage[]): Promise<void> => {
    try {
      await connect();
      const byTopic = addressed(messages);
      const topicMessages = [...byTopic].map(([topic, list]) => ({ topic, messages: list }));
      const acks = await producer.sendBatch({ acks: -1, timeout: ACK_TIMEOUT_MS, topicMessages });
      await faultPoint('producer:sent-not-acked');
      checkAcks(byTopic, acks);
    } catch (error) {
      throw sendError(error);
    }
  };

  const sendPortion = (messages: readonly EncodedMessage[], deadline: number): Promise<void> =>
    retryWithBackoff(() => sendOnce(messages), {
      baseMs: 50,
      capMs: 2_000,
      signal: closed.signal,
      isRetryable: (error) => isTransient(error) && Date.now() < deadline,
      onRetry: (err, attempt) => logger.warn({ err, attempt, messages: messages.length }, 'messages were not acknowledged; sending again'),
    });

  const sendAll = async (messages: readonly EncodedMessage[]): Promise<void> => {
    const deadline = Date.now() + SEND_LIMIT_MS;
    // One after another, so that a partition has them in their order.
    for (const portion of portionsOf(messages)) await sendPortion(portion, deadline);
  };

  const isClosed = (): TransientError => new TransientError('send: the bus is closed', { outcomeUnknown: true });
  const closed = new AbortController();
  let closing = false;
  /** The sends under way, and how each is given up: kafkajs cannot be told to, and tries for half a minute. */
  const underWay = new Map<Promise<void>, (reason: unknown) => void>();
  const untilClosed = (work: Promise<void>): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    underWay.set(promise, reject);
    void work.then(resolve, reject).finally(() => underWay.delete(promise));
    return promise;
  };

  return {
    send: async (messages) => {
      if (messages.length === 0) return;
      if (closing) throw isClosed();
      await untilClosed(sendAll(messages));
    },
    close: async () => {
      closing = true;
      await within(CLOSE_GRACE_MS, Promise.allSettled(underWay.keys()));
      closed.abort();
      for (const giveUp of underWay.values()) giveUp(isClosed());
      const disconnect = async (): Promise<void> => {
        await connected?.catch(() => {});
        await producer.disconnect();
      };
      await within(DISCONNECT_MS, disconnect());
    },
  };
};

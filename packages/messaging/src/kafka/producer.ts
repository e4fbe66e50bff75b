import { backoffMs, faultPoint, isTransient, type Logger, sleep, TransientError } from '@jumun/service-kit';
import kafkajs, { type ICustomPartitioner, type Kafka, type Message, type RecordMetadata } from 'kafkajs';
import type { OutRecord } from './codec.ts';
import { kafkaRetry } from './connect.ts';
import { SendError } from './errors.ts';

/** A record and the full name of its topic. */
export interface Addressed {
  readonly topic: string;
  readonly record: OutRecord;
}

export interface Producer {
  send(records: readonly Addressed[]): Promise<void>;
  close(): Promise<void>;
}

/** A broker that restarts is back within some 10 s; whoever waits for longer has to decide anew. */
const SEND_LIMIT_MS = 20_000;
const ACK_TIMEOUT_MS = 10_000;
/** A broker takes 1 MB a partition and request; more than this goes out in several. */
const REQUEST_BYTES_MAX = 800_000;
const RECORD_OVERHEAD_BYTES = 400; // headers and key of a message of ours

/** kafkajs' message, which also takes a hint along and learns where it went. */
interface Sent extends Message {
  readonly hint?: number;
  chosen?: number;
}

/** The hinted partition if the topic has it, else murmur2 of the key as Java clients do it. */
const createPartitioner: ICustomPartitioner = () => {
  const byKey = kafkajs.Partitioners.DefaultPartitioner();
  return (args) => {
    const message = args.message as Sent;
    const { hint } = message;
    const isKnown = hint !== undefined && args.partitionMetadata.some(({ partitionId }) => partitionId === hint);
    return (message.chosen = isKnown ? hint : byKey(args));
  };
};

/** Types of broker errors that the same message meets every time. */
const DEFINITE = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TOPIC_EXCEPTION',
  'TOPIC_AUTHORIZATION_FAILED',
]);

const classified = (error: unknown): Error => {
  if (error instanceof SendError || error instanceof TransientError) return error;
  let current = error as { type?: unknown; message?: string; cause?: unknown } | undefined;
  for (let depth = 0; depth < 5 && typeof current === 'object' && current !== null; depth++) {
    if (typeof current.type === 'string' && DEFINITE.has(current.type))
      return new SendError(`${current.type}: ${current.message}`, { cause: error });
    current = current.cause as typeof current;
  }
  return new TransientError(`send: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
};

/** Every partition that was written to must have been acknowledged: kafkajs answers nothing for one that it does not know. */
export const checkAcks = (
  topicMessages: readonly { topic: string; messages: readonly Sent[] }[],
  acks: readonly RecordMetadata[],
): void => {
  const acknowledged = new Set<string>();
  for (const { topicName, partition, errorCode } of acks) if (errorCode === 0) acknowledged.add(`${topicName} ${partition}`);
  for (const { topic, messages } of topicMessages)
    for (const { chosen } of messages)
      if (!acknowledged.has(`${topic} ${chosen}`)) throw new TransientError(`partition ${chosen} of ${topic} acknowledged nothing`);
};

const sizeOf = ({ key, value }: OutRecord): number => RECORD_OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0);

/** In their order, each part small enough for one request. */
export const inRequests = (records: readonly Addressed[]): (readonly Addressed[])[] => {
  const parts: Addressed[][] = [];
  let bytes = Infinity;
  for (const addressed of records) {
    const size = sizeOf(addressed.record);
    if (bytes + size > REQUEST_BYTES_MAX) {
      parts.push([]);
      bytes = 0;
    }
    bytes += size;
    parts.at(-1)!.push(addressed);
  }
  return parts;
};

const byTopic = (records: readonly Addressed[]): { topic: string; messages: Sent[] }[] => {
  const topics = new Map<string, Sent[]>();
  for (const { topic, record } of records) {
    const message: Sent = { key: record.key, value: record.value, headers: record.headers, hint: record.hint };
    const messages = topics.get(topic);
    if (messages === undefined) topics.set(topic, [message]);
    else messages.push(message);
  }
  return Array.from(topics, ([topic, messages]) => ({ topic, messages }));
};

/**
 * Not idempotent on purpose: kafkajs' idempotent producer loses acknowledged messages when a connection breaks between concurrent sends.
 * Duplicates are assumed everywhere; losses are not.
 */
export const openProducer = ({ kafka, logger }: { kafka: Kafka; logger: Logger }): Producer => {
  const producer = kafka.producer({ idempotent: false, allowAutoTopicCreation: false, createPartitioner, retry: kafkaRetry });
  const closing = new AbortController();
  let connected: Promise<void> | undefined;

  const connect = async (): Promise<void> => {
    try {
      await (connected ??= producer.connect());
    } catch (error) {
      connected = undefined;
      throw error;
    }
  };

  const sendOnce = async (records: readonly Addressed[]): Promise<void> => {
    await connect();
    const topicMessages = byTopic(records);
    const acks = await producer.sendBatch({ acks: -1, timeout: ACK_TIMEOUT_MS, topicMessages });
    await faultPoint('producer:sent-not-acked');
    checkAcks(topicMessages, acks);
  };

  const sendPart = async (records: readonly Addressed[]): Promise<void> => {
    const deadline = Date.now() + SEND_LIMIT_MS;
    for (let attempt = 1; ; attempt++) {
      try {
        return await sendOnce(records);
      } catch (error) {
        const failure = classified(error);
        if (!isTransient(failure) || Date.now() > deadline || closing.signal.aborted) throw failure;
        logger.warn({ err: failure, attempt, messages: records.length }, 'messages were not acknowledged; sending them again');
        await sleep(backoffMs(attempt, { baseMs: 50, capMs: 1_000 }), closing.signal);
      }
    }
  };

  return {
    send: async (records) => {
      for (const part of inRequests(records)) await sendPart(part);
    },
    close: async () => {
      closing.abort();
      await connected?.catch(() => undefined);
      await producer.disconnect();
    },
  };
};

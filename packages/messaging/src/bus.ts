import type { Logger } from '@jumun/service-kit';
import { encode } from './codec.ts';
import { openConsumer } from './consumer.ts';
import { connectKafka } from './kafka-port.ts';
import type { EncodedMessage, InMessage, OutMessage } from './message.ts';
import { openProducer } from './producer.ts';
import { createTopics, type TopicSpec } from './topics.ts';

export interface BusConfig {
  readonly brokers: readonly string[];
  /** Names this service in the broker's logs and in `ce_source`. */
  readonly clientId: string;
  /** Stands before all topics and groups, so that installations (and tests) can share a broker. */
  readonly topicPrefix?: string;
  readonly logger: Logger;
}

export interface ConsumeOptions {
  readonly group: string;
  readonly topics: readonly string[];
  /** Most messages handed over at once (default 500). */
  readonly batchSizeMax?: number;
  /**
   * Works on what was in hand of all partitions, in order within each. When it resolves the messages are done. It may see a message again
   * at any time. A transient error calls it again for as long as it lasts; any other one halves the batch until the message that causes it
   * is alone, and makes that a dead letter.
   */
  readonly handle: (batch: InMessage[]) => Promise<void>;
  /** How long the broker waits for a sign of life before it gives the partitions to others, in ms (default 30,000; the broker's least is 6,000). */
  readonly sessionTimeoutMs?: number;
  /** How often finished offsets are committed, in ms (default 1,000). */
  readonly commitIntervalMs?: number;
}

export interface Consumer {
  /** Finishes the batch in hand, commits, and leaves the group. Nothing is delivered after the call. */
  stop(): Promise<void>;
  /** The partitions of a topic that this instance has now. */
  ownedPartitions(topic: string): number[];
  /**
   * False before a fetch was answered with what could be read, or with nothing; when none was for longer than the session time-out, or 15 s if
   * that is shorter; and while a batch can be neither done nor put aside: not ready.
   */
  healthy(): boolean;
}

export interface Bus {
  readonly clientId: string;
  /**
   * Encodes the messages and sends them, in portions that a broker takes, one after another. Resolves when every message is acknowledged. Rejects
   * with a `TransientError` when that has not come within some half a minute, or when the bus is closed: then some may have been sent, all of them, or
   * none. Rejects with another error when the messages would be refused every time (too large, a topic that may not be written to, an
   * `UnknownPartitionError`).
   */
  send(messages: readonly OutMessage[]): Promise<void>;
  /** The same for messages that are encoded already, such as replies and dead letters. The topic is without the installation's prefix. */
  sendEncoded(messages: readonly EncodedMessage[]): Promise<void>;
  consume(options: ConsumeOptions): Promise<Consumer>;
  /** Makes the topics that are missing, and has the broker unpack whatever is sent to them compressed. */
  createTopics(table: readonly TopicSpec[]): Promise<void>;
  /** Closes the producer, and gives up sends that the broker leaves without an answer; consumers are stopped by those who started them. */
  close(): Promise<void>;
}

/** Connects when it is first used. */
export const openBus = ({ brokers, clientId, topicPrefix = '', logger }: BusConfig): Bus => {
  const kafka = connectKafka({ brokers, clientId, logger });
  const producer = openProducer({ kafka, topicPrefix, logger });
  const sendEncoded = (messages: readonly EncodedMessage[]): Promise<void> => producer.send(messages);
  return {
    clientId,
    send: async (messages) => sendEncoded(messages.map((message) => encode(message, clientId))),
    sendEncoded,
    consume: (options) => openConsumer({ kafka, topicPrefix, logger, sendEncoded }, options),
    createTopics: (table) => createTopics({ kafka, topicPrefix, logger }, table),
    close: () => producer.close(),
  };
};

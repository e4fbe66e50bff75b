import { type Database, type Logger, type Tx, within } from '@jumun/service-kit';
import type { Bus } from './bus.ts';
import type { EncodedMessage, OutMessage } from './message.ts';
import { outboxAge } from './metrics.ts';
import { insertRows, type OutboxRow, rawRowOf, readWaitingTopics, rowOf } from './outbox-rows.ts';
import { openOutboxTopic, type OutboxTopic } from './outbox-topic.ts';

export interface Outbox {
  /** Writes the messages in the transaction of the effect that they report. Need not be awaited there. */
  add(tx: Tx, messages: readonly OutMessage[]): Promise<unknown>;
  addEncoded(tx: Tx, messages: readonly EncodedMessage[]): Promise<unknown>;
  /**
   * After the commit: sends what was added. Never rejects; what fails, is too much for the memory, or is of a topic that takes nothing is left
   * to the poller.
   */
  flush(messages: readonly OutMessage[]): Promise<void>;
  /** Starts looking for what a crash, or a broker that was away, has left. */
  start(): void;
  /** Waits a moment for what is being sent, and no longer: what is not out then is found by whoever looks next. */
  stop(): Promise<void>;
}

export interface OutboxOptions {
  readonly db: Database;
  readonly bus: Bus;
  readonly logger: Logger;
  /** How often is looked (default 1,000). */
  readonly pollMs?: number;
}

/** A broker that answers does so within milliseconds. */
const STOP_MS = 500;

/**
 * For what starts outside Kafka, and for dead letters that are committed with an answer: the message is a row of the same transaction as the
 * effect. Sent at least once; consumers know events by their id.
 */
export const openOutbox = ({ db, bus, logger, pollMs = 1_000 }: OutboxOptions): Outbox => {
  const rows = new WeakMap<OutMessage, OutboxRow>();
  const rowFor = (message: OutMessage): OutboxRow => {
    const row = rows.get(message) ?? rowOf(message);
    rows.set(message, row);
    return row;
  };

  let stopping = false;
  const topics = new Map<string, OutboxTopic>();
  const topicOf = (name: string): OutboxTopic => {
    const topic = topics.get(name) ?? openOutboxTopic(name, { db, bus, logger, isStopping: () => stopping });
    topics.set(name, topic);
    return topic;
  };

  const lookOnce = async (): Promise<void> => {
    try {
      const waiting = await readWaitingTopics(db);
      // Rows of a clock that is ahead are not old before their topic has been in trouble for a while.
      const troubled = [...topics].filter(([, topic]) => topic.troubledSeconds() !== undefined);
      const ages = [...waiting.values(), ...troubled.map(([, topic]) => topic.troubledSeconds() ?? 0)];
      outboxAge.set(Math.max(0, ...ages));
      // One in trouble is asked also when another process has sent what was there: only then is it known to be out of it.
      const names = new Set([...waiting.keys(), ...troubled.map(([name]) => name)]);
      if (!stopping) for (const name of names) topicOf(name).sendLeftovers();
    } catch (err) {
      logger.warn({ err }, 'the outbox could not be read');
    }
    looking = undefined;
  };
  let looking: Promise<void> | undefined;

  let timer: NodeJS.Timeout | undefined;
  return {
    add: (tx, messages) => insertRows(tx, messages.map(rowFor)),
    addEncoded: (tx, messages) => insertRows(tx, messages.map(rawRowOf)),
    flush: async (messages) => {
      const byTopic = Map.groupBy(messages.map(rowFor), ({ topic }) => topic);
      await Promise.all([...byTopic].map(([name, those]) => topicOf(name).flush(those)));
    },
    start: () => {
      stopping = false;
      timer ??= setInterval(() => void (looking ??= lookOnce()), pollMs);
    },
    stop: async () => {
      stopping = true;
      clearInterval(timer);
      timer = undefined;
      await within(STOP_MS, Promise.all([looking, ...[...topics.values()].map((topic) => topic.ended())]));
    },
  };
};

import { type Database, faultPoint, isTransient, type Logger, type Tx, within } from '@jumun/service-kit';
import type { Bus } from './bus.ts';
import type { EncodedMessage, OutMessage } from './message.ts';
import { outboxAge } from './metrics.ts';
import {
  insertRows,
  MARK_SENT,
  messageOf,
  type OutboxRow,
  rawRowOf,
  READ_UNSENT,
  READ_UNSENT_OF,
  rowOf,
  type UnsentRow,
} from './outbox-rows.ts';

export interface Outbox {
  /** Writes the messages in the transaction of the effect that they report. Need not be awaited there. */
  add(tx: Tx, messages: readonly OutMessage[]): Promise<unknown>;
  addEncoded(tx: Tx, messages: readonly EncodedMessage[]): Promise<unknown>;
  /**
   * After the commit: sends what was added. Never rejects; what fails, is too much for the memory, or is of a topic that takes nothing is left
   * to the poller.
   */
  flush(messages: readonly OutMessage[]): Promise<void>;
  /** Looks now for what was committed and not sent. Never rejects. */
  sweep(): Promise<void>;
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

/** Younger rows are about to be flushed by those who wrote them. */
const AGE_MIN_S = 1;
const ROWS_MAX = 500;
/** So many may wait for their turn in memory; a broker that is slow or away for half a minute leaves more, which are in the table. */
const PENDING_MAX = 5_000;
/** A broker that answers does so within milliseconds. */
const STOP_MS = 500;
/** A list in SQL is never empty. */
const NO_TOPIC = '';

/** How long the first of them, which is the oldest, has waited, in seconds. */
const ageOf = ([oldest]: readonly UnsentRow[]): number => Math.max(0, Number(oldest?.ageSeconds ?? 0));

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
  /** Being sent by this process. */
  const inFlight = new Set<string>();
  let pending: OutboxRow[] = [];
  let flushing: Promise<void> | undefined;
  let stopping = false;

  const sendRows = async (batch: readonly OutboxRow[]): Promise<void> => {
    await bus.sendEncoded(batch.map((row) => messageOf(row, bus.clientId)));
    await faultPoint('outbox:sent-not-marked');
    await db.execute(MARK_SENT, [batch.map(({ id }) => id).sort()]);
  };

  const flushPending = async (): Promise<void> => {
    while (pending.length > 0) {
      const batch = pending.splice(0, ROWS_MAX);
      for (const { id } of batch) inFlight.add(id);
      try {
        await faultPoint('outbox:committed-not-sent');
        await sendRows(batch);
      } catch (err) {
        logger.warn({ err, messages: batch.length }, 'events were not sent right after their commit; the poller will');
        pending = [];
      } finally {
        for (const { id } of batch) inFlight.delete(id);
      }
    }
    flushing = undefined;
  };

  /**
   * Topics that could not be written to, and since when something waits there. They are read and tried beside the others, which they neither
   * make wait nor keep from being read by as many rows as are read at once.
   */
  const troubled = new Map<string, number>();

  /** Until one fails for now, which is no matter of that one, and takes half a minute. */
  const sendOneByOne = async (leftovers: readonly OutboxRow[]): Promise<void> => {
    for (const row of leftovers) {
      if (stopping) return;
      try {
        await sendRows([row]);
      } catch (err) {
        if (isTransient(err)) return;
      }
    }
  };

  const sendLeftovers = async (topic: string, found: readonly UnsentRow[]): Promise<void> => {
    const leftovers = found.filter(({ id }) => !inFlight.has(id));
    try {
      if (leftovers.length > 0) await sendRows(leftovers);
      troubled.delete(topic);
    } catch (err) {
      logger.error({ err, topic, messages: leftovers.length }, 'outbox rows cannot be sent');
      troubled.set(topic, Math.min(troubled.get(topic) ?? Infinity, Date.now() - 1_000 * ageOf(found)));
      if (!isTransient(err) && leftovers.length > 1) await sendOneByOne(leftovers);
    }
  };

  /** One try of each at a time: none waits for another's. */
  const retrying = new Map<string, Promise<void>>();
  const retry = async (topic: string): Promise<void> => {
    try {
      await sendLeftovers(topic, await db.query<UnsentRow>(READ_UNSENT_OF, [[topic], AGE_MIN_S, AGE_MIN_S, ROWS_MAX]));
    } catch (err) {
      logger.warn({ err, topic }, 'the outbox could not be read');
    }
    retrying.delete(topic);
  };
  const retryTroubled = (): void => {
    for (const topic of troubled.keys()) if (!retrying.has(topic)) retrying.set(topic, retry(topic));
  };

  let sweeping: Promise<void> | undefined;
  const sweepOnce = async (): Promise<void> => {
    try {
      retryTroubled();
      const found = await db.query<UnsentRow>(READ_UNSENT, [[...troubled.keys(), NO_TOPIC], AGE_MIN_S, AGE_MIN_S, ROWS_MAX]);
      const waiting = [...troubled.values()].map((since) => (Date.now() - since) / 1_000);
      outboxAge.set(Math.max(ageOf(found), ...waiting));
      const byTopic = Map.groupBy(found, ({ topic }) => topic);
      await Promise.all([...byTopic].map(([topic, rows]) => sendLeftovers(topic, rows)));
    } catch (err) {
      logger.warn({ err }, 'the outbox could not be read');
    }
    sweeping = undefined;
  };
  const sweep = (): Promise<void> => (sweeping ??= sweepOnce());

  let timer: NodeJS.Timeout | undefined;
  return {
    add: (tx, messages) => insertRows(tx, messages.map(rowFor)),
    addEncoded: (tx, messages) => insertRows(tx, messages.map(rawRowOf)),
    flush: (messages) => {
      const leftToUs = messages.filter(({ topic }) => !troubled.has(topic)).slice(0, PENDING_MAX - pending.length);
      for (const message of leftToUs) pending.push(rowFor(message));
      // Begun a moment later: with nothing to send it would end before it is assigned, and look like one that never ends.
      return (flushing ??= Promise.resolve().then(flushPending));
    },
    sweep,
    start: () => {
      stopping = false;
      timer ??= setInterval(() => void sweep(), pollMs);
    },
    stop: async () => {
      stopping = true;
      clearInterval(timer);
      timer = undefined;
      await within(STOP_MS, Promise.all([flushing, sweeping, ...retrying.values()]));
    },
  };
};

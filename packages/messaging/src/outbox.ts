import { type Database, faultPoint, type Logger, type Tx, within } from '@jumun/service-kit';
import type { Bus } from './bus.ts';
import type { EncodedMessage, OutMessage } from './message.ts';
import { outboxAge } from './metrics.ts';
import { insertRows, MARK_SENT, messageOf, type OutboxRow, rawRowOf, READ_UNSENT, rowOf } from './outbox-rows.ts';

export interface Outbox {
  /** Writes the messages in the transaction of the effect that they report. Need not be awaited there. */
  add(tx: Tx, messages: readonly OutMessage[]): Promise<unknown>;
  addEncoded(tx: Tx, messages: readonly EncodedMessage[]): Promise<unknown>;
  /** After the commit: sends what was added. Never rejects; what fails is sent by the poller. */
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
  /** Younger rows are about to be flushed by those who wrote them (default 1). */
  readonly minAgeSeconds?: number;
}

const ROWS_MAX = 500;
/** A broker that answers does so within milliseconds. */
const STOP_MS = 500;

/**
 * For what starts outside Kafka, and for dead letters that are committed with an answer: the message is a row of the same transaction as the
 * effect. Sent at least once; consumers know events by their id.
 */
export const openOutbox = ({ db, bus, logger, pollMs = 1_000, minAgeSeconds = 1 }: OutboxOptions): Outbox => {
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
        if (stopping) pending = [];
      } finally {
        for (const { id } of batch) inFlight.delete(id);
      }
    }
    flushing = undefined;
  };

  /** Topic by topic, and one by one where that fails: one that cannot be sent must not hold up the others. */
  const sendLeftovers = async (leftovers: readonly OutboxRow[]): Promise<void> => {
    for (const group of Map.groupBy(leftovers, ({ topic }) => topic).values()) {
      if (stopping) return;
      try {
        await sendRows(group);
      } catch (err) {
        logger.error({ err, topic: group[0]?.topic, messages: group.length }, 'outbox rows cannot be sent');
        if (group.length === 1) continue;
        for (const row of group) if (!stopping) await sendRows([row]).catch(() => {});
      }
    }
  };

  let sweeping: Promise<void> | undefined;
  const sweepOnce = async (): Promise<void> => {
    try {
      const found = await db.query<OutboxRow>(READ_UNSENT, [minAgeSeconds, ROWS_MAX]);
      outboxAge.set(found[0] === undefined ? 0 : Math.max(0, (Date.now() - found[0].createdAt.getTime()) / 1_000));
      await sendLeftovers(found.filter(({ id }) => !inFlight.has(id)));
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
      pending.push(...messages.map(rowFor));
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
      await within(STOP_MS, Promise.all([flushing, sweeping]));
    },
  };
};

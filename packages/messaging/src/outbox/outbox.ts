import { type Database, faultPoint, type Logger, sleep, type Tx } from '@jumun/service-kit';
import { outboxAge } from '../kafka/metrics.ts';
import type { Bus, OutMessage } from '../kafka/types.ts';
import { ADD, MARK_SENT, messageOf, type OutboxRow, READ_UNSENT, rowOf } from './rows.ts';

export interface Outbox {
  /** Writes the events with the effect that they tell of. Need not be awaited: the transaction fails if it does. */
  add(tx: Tx, events: readonly OutMessage[]): Promise<void>;
  /** Call it after the commit. Sends what `add` was given, in the background; what that fails to send, the poller does. */
  flush(events: readonly OutMessage[]): void;
  /** Starts looking for what was committed and not sent. */
  start(): void;
  /** Waits for what is on its way. */
  stop(): Promise<void>;
}

export interface OutboxOptions {
  readonly db: Database;
  readonly bus: Bus;
  readonly logger: Logger;
  /** How often it is looked for leftovers (default 1,000). */
  readonly pollMs?: number;
  /** Younger rows are about to be flushed by whoever wrote them (default 1). */
  readonly minAgeSeconds?: number;
}

const BATCH_SIZE_MAX = 200;

/** For effects that start outside Kafka. Sent at least once; receivers know an event by its id, and none may rely on order. */
export const openOutbox = ({ db, bus, logger, pollMs = 1_000, minAgeSeconds = 1 }: OutboxOptions): Outbox => {
  const stopping = new AbortController();
  let pending: OutMessage[] = [];
  let flushing: Promise<void> = Promise.resolve();
  let isFlushing = false;
  let polling: Promise<void> | undefined;

  const publish = async (events: readonly OutMessage[]): Promise<void> => {
    await bus.send(events);
    await faultPoint('outbox:sent-not-marked');
    await db.execute(MARK_SENT, [events.map(({ id }) => id).sort()]);
  };

  const flushPending = async (): Promise<void> => {
    isFlushing = true;
    while (pending.length > 0) {
      const events = pending.splice(0, BATCH_SIZE_MAX);
      try {
        await faultPoint('outbox:committed-not-sent');
        await publish(events);
      } catch (err) {
        logger.warn({ err, events: events.length }, 'events were not sent right after their commit; the poller sends them');
      }
    }
    isFlushing = false;
  };

  /** One that cannot be sent must not hold up the others. */
  const publishEach = async (rows: readonly OutboxRow[]): Promise<void> => {
    for (const row of rows) {
      try {
        await publish([messageOf(row)]);
      } catch (err) {
        logger.error({ err, event: row.id, topic: row.topic }, 'an event cannot be sent');
      }
    }
  };

  const pollOnce = async (): Promise<void> => {
    for (;;) {
      const rows = await db.query<OutboxRow>(READ_UNSENT, [minAgeSeconds, BATCH_SIZE_MAX]);
      outboxAge.set(rows[0]?.ageSeconds ?? 0);
      if (rows.length === 0) return;
      try {
        await publish(rows.map(messageOf));
      } catch (err) {
        logger.warn({ err, events: rows.length }, 'unsent events; trying each by itself');
        await publishEach(rows);
        return;
      }
      if (rows.length < BATCH_SIZE_MAX || stopping.signal.aborted) return;
    }
  };

  const poll = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await pollOnce();
      } catch (err) {
        logger.warn({ err }, 'the outbox could not be read');
      }
      await sleep(pollMs, stopping.signal);
    }
  };

  return {
    add: async (tx, events) => {
      if (events.length > 0) await tx.execute(ADD, [JSON.stringify(events.map(rowOf))]);
    },
    flush: (events) => {
      for (const event of events) pending.push(event);
      if (!isFlushing && pending.length > 0) flushing = flushPending();
    },
    start: () => {
      polling ??= poll();
    },
    stop: async () => {
      stopping.abort();
      await Promise.all([flushing, polling]);
    },
  };
};

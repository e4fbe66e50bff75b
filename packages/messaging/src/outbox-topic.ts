import { type Database, faultPoint, type Logger } from '@jumun/service-kit';
import type { Bus } from './bus.ts';
import { isOfOneMessage } from './errors.ts';
import { outboxRefusals } from './metrics.ts';
import { MARK_REFUSED, MARK_SENT, messageOf, type OutboxRow, READ_UNSENT } from './outbox-rows.ts';

/** What goes to one topic. It neither waits for another's nor takes their place among what is read. */
export interface OutboxTopic {
  /** Sends what was just committed. Never rejects; what is not sent is left to the poller. */
  flush(rows: readonly OutboxRow[]): Promise<void>;
  /** Sends what is found unsent, unless it is doing so already. Never rejects. */
  sendLeftovers(): void;
  /** For how long it could not be written to, in seconds; undefined when it could the last time. */
  troubledSeconds(): number | undefined;
  /** Resolves when nothing is being sent. */
  ended(): Promise<unknown>;
}

export interface OutboxTopicParts {
  readonly db: Database;
  readonly bus: Bus;
  readonly logger: Logger;
  readonly isStopping: () => boolean;
}

/** Younger rows are about to be flushed by those who wrote them. */
const AGE_MIN_S = 1;
const ROWS_MAX = 500;
/** So many may wait for their turn in memory; a broker that is slow or away for half a minute leaves more, which are in the table. */
const PENDING_MAX = 5_000;
/** What was refused is tried again after that: somebody may have raised the topic's limit. */
const REFUSED_PAUSE_S = 60;

export const openOutboxTopic = (topic: string, { db, bus, logger, isStopping }: OutboxTopicParts): OutboxTopic => {
  let troubledSince: number | undefined;
  /** Being sent by `flush`. */
  const inFlight = new Set<string>();
  let pending: OutboxRow[] = [];
  let flushing: Promise<void> | undefined;

  const sendRows = async (rows: readonly OutboxRow[]): Promise<void> => {
    await bus.sendEncoded(rows.map((row) => messageOf(row, bus.clientId)));
    await faultPoint('outbox:sent-not-marked');
    await db.execute(MARK_SENT, [rows.map(({ id }) => id).sort()]);
  };

  const flushPending = async (): Promise<void> => {
    while (pending.length > 0) {
      const batch = pending.splice(0, ROWS_MAX);
      for (const { id } of batch) inFlight.add(id);
      try {
        await faultPoint('outbox:committed-not-sent');
        await sendRows(batch);
      } catch (err) {
        logger.warn({ err, topic, messages: batch.length }, 'events were not sent right after their commit; the poller will');
        pending = [];
      } finally {
        for (const { id } of batch) inFlight.delete(id);
      }
    }
    flushing = undefined;
  };

  /** What is refused by itself goes to the end of the queue, behind whatever comes later; nobody relies on the order of events. */
  const sendOneByOne = async (rows: readonly OutboxRow[]): Promise<void> => {
    for (const row of rows) {
      if (isStopping()) return;
      try {
        await sendRows([row]);
      } catch (err) {
        if (!isOfOneMessage(err)) throw err;
        logger.error({ err, topic, id: row.id, type: row.type }, 'a message of the outbox is refused, and will be every time');
        outboxRefusals.inc({ topic });
        await db.execute(MARK_REFUSED, [row.id]);
      }
    }
  };

  const sendFound = async (rows: readonly OutboxRow[]): Promise<void> => {
    try {
      if (rows.length > 0) await sendRows(rows);
    } catch (err) {
      if (!isOfOneMessage(err)) throw err;
      await sendOneByOne(rows);
    }
  };

  let sendingLeftovers: Promise<void> | undefined;
  const lookOnce = async (): Promise<void> => {
    try {
      const found = await db.query<OutboxRow>(READ_UNSENT, [topic, REFUSED_PAUSE_S, AGE_MIN_S, AGE_MIN_S, ROWS_MAX]);
      await sendFound(found.filter(({ id }) => !inFlight.has(id)));
      troubledSince = undefined;
    } catch (err) {
      troubledSince ??= performance.now();
      logger.error({ err, topic }, 'outbox rows cannot be sent');
    }
    sendingLeftovers = undefined;
  };

  return {
    flush: (rows) => {
      if (troubledSince === undefined) pending.push(...rows.slice(0, PENDING_MAX - pending.length));
      // Begun a moment later: with nothing to send it would end before it is assigned, and look like one that never ends.
      return (flushing ??= Promise.resolve().then(flushPending));
    },
    sendLeftovers: () => void (sendingLeftovers ??= lookOnce()),
    troubledSeconds: () => (troubledSince === undefined ? undefined : (performance.now() - troubledSince) / 1_000),
    ended: () => Promise.all([flushing, sendingLeftovers]),
  };
};

import { backoffMs, faultPoint, isTransient, type Logger, sleep } from '@jumun/service-kit';
import type { EachBatchPayload, Kafka } from 'kafkajs';
import { type Arrival, ArrivalQueue } from './arrival-queue.ts';
import { bisect } from './bisect.ts';
import { decode, type RawRecord } from './codec.ts';
import type { DeadLetter } from './dead-letter.ts';
import { joinGroup } from './group-member.ts';
import { batchSeconds, batchSize, consumerLag } from './metrics.ts';
import { OffsetTracker } from './offset-tracker.ts';
import type { Consumer, ConsumeOptions, InMessage } from './types.ts';

export interface ConsumerParts {
  readonly kafka: Kafka;
  readonly topicPrefix: string;
  readonly sessionTimeoutMs: number;
  readonly logger: Logger;
  bury(letters: readonly DeadLetter[]): Promise<void>;
}

const BATCH_SIZE_MAX = 200;
const COMMIT_INTERVAL_MS = 1_000;
const HEARTBEAT_MS = 3_000;
const STOP_COMMIT_MS = 3_000;
const RETRY = { baseMs: 20, capMs: 2_000 };

class Stopped extends Error {}

/**
 * Fetches ahead into a bounded queue and works on all that is in hand, of all partitions, as one batch, one batch at a time. Offsets are
 * committed later, at an interval: what a crash leaves uncommitted comes again and is known by its id.
 */
export const openConsumer = (parts: ConsumerParts, options: ConsumeOptions): Consumer => {
  const { topicPrefix, logger, sessionTimeoutMs } = parts;
  const { group, topics, batchSizeMax = BATCH_SIZE_MAX } = options;
  const heartbeatMs = Math.min(HEARTBEAT_MS, Math.floor(sessionTimeoutMs / 3));
  const queue = new ArrivalQueue(2 * batchSizeMax); // one batch at work, the next one or two in hand
  const tracker = new OffsetTracker();
  const stopping = new AbortController();
  const { signal } = stopping;
  /** Rises with each assignment: what was taken under an earlier one is not marked. */
  let generation = 0;

  const arrivalOf = (topic: string, partition: number, record: RawRecord): Arrival => {
    try {
      return { topic, partition, record, message: decode(topic, partition, record), reason: '' };
    } catch (error) {
      return { topic, partition, record, message: undefined, reason: error instanceof Error ? error.message : String(error) };
    }
  };

  /** The end of each partition when it was last fetched. */
  const ends = new Map<string, { topic: string; partition: number; end: bigint }>();
  const observeLag = (): void => {
    for (const { topic, partition, end } of ends.values())
      consumerLag.set({ group, topic: topic.slice(topicPrefix.length), partition }, tracker.lag(topic, partition, end) ?? 0);
  };

  const onBatch = async (payload: EachBatchPayload): Promise<void> => {
    const { batch } = payload;
    const { topic, partition, messages } = batch;
    const assigned = generation;
    while (queue.isFull && !signal.aborted) {
      await queue.room(heartbeatMs);
      await payload.heartbeat(); // throws when the group rebalances, which ends the waiting too
    }
    if (signal.aborted || assigned !== generation || !tracker.owns(topic, partition)) return;
    const name = topic.slice(topicPrefix.length);
    queue.push(messages.map((record) => arrivalOf(name, partition, record)));
    payload.resolveOffset(batch.lastOffset());
    ends.set(`${topic} ${partition}`, { topic, partition, end: BigInt(batch.highWatermark) });
  };

  // --- offsets
  let commitTimer: NodeJS.Timeout | undefined;
  let committing: Promise<void> = Promise.resolve();
  const commitOnce = async (): Promise<void> => {
    const assigned = generation;
    try {
      await faultPoint('consumer:marked-not-committed');
      const offsets = tracker.toCommit();
      if (offsets.length === 0 || assigned !== generation) return;
      await member.commit(offsets);
      if (assigned === generation) tracker.committed(offsets);
    } catch (err) {
      logger.debug({ err, group }, 'offsets were not committed; they go with the next ones');
      if (assigned === generation) commitSoon();
    }
  };
  const commit = (): Promise<void> => {
    clearTimeout(commitTimer);
    commitTimer = undefined;
    observeLag();
    return (committing = committing.then(commitOnce));
  };
  /** There is no timer while there is nothing to commit: an idle process sleeps. */
  const commitSoon = (): void => {
    if (!signal.aborted) commitTimer ??= setTimeout(() => void commit(), COMMIT_INTERVAL_MS);
  };

  const member = joinGroup({
    kafka: parts.kafka,
    groupId: topicPrefix + group,
    topics: topics.map((topic) => topicPrefix + topic),
    sessionTimeoutMs,
    heartbeatMs,
    logger,
    onAssigned: (assignment) => {
      generation += 1;
      queue.clear();
      tracker.reset(assignment);
      ends.clear();
      logger.info({ group, assignment }, 'partitions assigned');
    },
    onRebalancing: () => void commit(),
    onBatch,
  });

  // --- work
  /** Until it works, is at fault itself, or the consumer stops. */
  const patiently = async (work: () => Promise<void>): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (err) {
        if (!isTransient(err)) throw err;
        if (signal.aborted) throw new Stopped();
        logger.warn({ err, group, attempt }, 'a batch failed for now; trying again');
        await sleep(backoffMs(attempt, RETRY), signal);
        if (signal.aborted) throw new Stopped();
      }
    }
  };

  const buryAll = (letters: readonly DeadLetter[]): Promise<void> => patiently(() => parts.bury(letters));
  const letterOf = ({ topic, partition, record }: Arrival, reason: string): DeadLetter => ({
    topic,
    partition,
    record,
    group,
    attempts: 1,
    reason,
  });

  const workOn = async (arrivals: readonly Arrival[]): Promise<void> => {
    const unreadable = arrivals.filter(({ message }) => message === undefined);
    if (unreadable.length > 0) await buryAll(unreadable.map((arrival) => letterOf(arrival, arrival.reason)));
    const readable = arrivals.filter(({ message }) => message !== undefined);
    if (readable.length === 0) return;
    await bisect(
      readable,
      (some) => patiently(() => options.handle(some.map(({ message }) => message as InMessage))),
      async (arrival, error) => {
        logger.error({ err: error, group, topic: arrival.topic, id: arrival.message?.id }, 'a message cannot be handled: dead letter');
        await buryAll([letterOf(arrival, error instanceof Error ? `${error.name}: ${error.message}` : String(error))]);
      },
      (error) => !(error instanceof Stopped) && !isTransient(error),
    );
  };

  const round = async (): Promise<void> => {
    const arrivals = queue.take(batchSizeMax);
    if (arrivals.length === 0) return queue.filled();
    const assigned = generation;
    const done = batchSeconds.startTimer({ group });
    batchSize.observe({ group }, arrivals.length);
    await workOn(arrivals);
    done();
    if (assigned !== generation) return;
    for (const { topic, partition, record } of arrivals) tracker.markDone(topicPrefix + topic, partition, BigInt(record.offset));
    commitSoon();
  };

  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        await round();
      } catch (err) {
        // Only `Stopped` comes here; anything else would be a bug, and a consumer that is silent about it the worse one.
        if (!(err instanceof Stopped)) throw err;
      }
    }
  };
  let isBroken = false;
  const ended = loop().catch((err: unknown) => {
    isBroken = true;
    logger.fatal({ err, group }, 'the consumer has ended');
  });

  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    stopping.abort();
    queue.clear();
    queue.wake();
    await ended;
    // A broker that does not answer must not hold up the stop: what is not committed comes again.
    const late = new AbortController();
    await Promise.race([commit(), sleep(STOP_COMMIT_MS, late.signal)]);
    late.abort();
    await member.leave();
  };

  return {
    stop: () => (stopped ??= stop()),
    ownedPartitions: (topic) => tracker.partitions(topicPrefix + topic),
    healthy: () => !isBroken && !signal.aborted && member.silentForMs() < sessionTimeoutMs,
  };
};

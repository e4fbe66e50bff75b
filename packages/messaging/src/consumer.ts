import { faultPoint, type Logger, textOf, within } from '@jumun/service-kit';
import type { EachBatchPayload, Kafka } from 'kafkajs';
import { type Arrival, Arrivals, sizeOf } from './arrivals.ts';
import type { Consumer, ConsumeOptions } from './bus.ts';
import { decode } from './codec.ts';
import { joinGroup } from './group-member.ts';
import type { EncodedMessage } from './message.ts';
import { batchSeconds, batchSize, consumerLag } from './metrics.ts';
import { OffsetTracker } from './offset-tracker.ts';
import { patientWorker } from './patient-worker.ts';

export interface ConsumerParts {
  readonly kafka: Kafka;
  readonly topicPrefix: string;
  readonly logger: Logger;
  readonly sendEncoded: (messages: readonly EncodedMessage[]) => Promise<void>;
}

const BATCH_SIZE_MAX = 500;
const BYTES_IN_HAND_MAX = 16 * 1024 * 1024;
const SESSION_TIMEOUT_MS = 30_000;
const COMMIT_INTERVAL_MS = 1_000;
/**
 * So long may a batch in hand take to end at a stop; it is redelivered otherwise. With the last commit and the leave of the group it is
 * half of the ten seconds that a process has for its stop, of which open calls may have had three before.
 */
const DRAIN_MS = 2_000;
/** A broker that restarts is back before that. */
const READY_MS = 15_000;
/** A broker that does not answer keeps nobody from stopping: what is not committed is seen again. */
const LAST_COMMIT_MS = 1_000;

/**
 * Fetches ahead into a bounded queue, and works on everything that is in hand of all partitions at once, one batch at a time. Offsets are
 * committed later, at an interval: what a crash leaves uncommitted is seen again, and known by its id.
 */
export const openConsumer = async (parts: ConsumerParts, options: ConsumeOptions): Promise<Consumer> => {
  const { topicPrefix, logger } = parts;
  const { group, batchSizeMax = BATCH_SIZE_MAX, sessionTimeoutMs = SESSION_TIMEOUT_MS } = options;
  const arrivals = new Arrivals(2 * batchSizeMax, BYTES_IN_HAND_MAX);
  const tracker = new OffsetTracker();
  const ends = new Map<string, bigint>();
  const heartbeatMs = Math.min(3_000, Math.floor(sessionTimeoutMs / 3));
  let stopping = false;
  /** Aborted at the next assignment: what belongs to this one is void then. */
  let assignment = new AbortController();

  const arrivalOf = (topic: string, partition: number, message: EachBatchPayload['batch']['messages'][number]): Arrival => {
    const offset = BigInt(message.offset);
    const raw = { key: message.key, value: message.value, headers: message.headers ?? {} };
    const bytes = sizeOf(raw);
    try {
      return { topic, partition, offset, raw, bytes, message: decode(topic, partition, offset, raw), problem: undefined };
    } catch (error) {
      return { topic, partition, offset, raw, bytes, message: undefined, problem: textOf(error) };
    }
  };

  /** Waits while the queue is full, with heartbeats, which report a rebalance too. */
  const roomFor = async (payload: EachBatchPayload): Promise<void> => {
    while (arrivals.isFull && !stopping) {
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([arrivals.room(), new Promise((resolve) => (timer = setTimeout(resolve, heartbeatMs)))]);
      clearTimeout(timer);
      await payload.heartbeat();
    }
  };

  const onBatch = async (payload: EachBatchPayload): Promise<boolean> => {
    const { signal } = assignment;
    await roomFor(payload);
    const { topic, partition, messages, highWatermark } = payload.batch;
    if (stopping || signal.aborted || payload.isStale() || !tracker.owns(topic, partition)) return false;
    ends.set(`${topic}/${partition}`, BigInt(highWatermark));
    const name = topic.slice(topicPrefix.length);
    for (const message of messages) {
      const arrival = arrivalOf(name, partition, message);
      tracker.delivered(topic, partition, arrival.offset);
      arrivals.push(arrival);
    }
    return true;
  };

  let committing: Promise<void> = Promise.resolve();
  const commitNow = async (): Promise<void> => {
    const offsets = tracker.toCommit();
    if (offsets.length === 0) return;
    const { signal } = assignment;
    await faultPoint('consumer:marked-not-committed');
    try {
      if (signal.aborted) return;
      await member.commit(offsets);
      if (!signal.aborted) tracker.committed(offsets);
    } catch (err) {
      logger.debug({ err, group }, 'offsets were not committed; they will be with the next ones');
    }
  };
  const commit = (): Promise<void> => (committing = committing.then(commitNow));

  const member = await joinGroup({
    kafka: parts.kafka,
    groupId: topicPrefix + group,
    topics: options.topics.map((topic) => topicPrefix + topic),
    sessionTimeoutMs,
    logger,
    onAssigned: (partitions) => {
      assignment.abort();
      assignment = new AbortController();
      if (stopping) assignment.abort();
      arrivals.clear();
      tracker.reset(partitions);
      ends.clear();
      consumerLag.reset();
      logger.info({ group, partitions }, 'partitions assigned');
    },
    onRebalancing: () => void commit(),
    onBatch,
  });

  const worker = patientWorker({ group, logger, handle: options.handle, sendEncoded: parts.sendEncoded });
  const takeRound = async (): Promise<void> => {
    const { signal } = assignment;
    const items = arrivals.take(batchSizeMax);
    if (items.length === 0) return arrivals.filled();
    const observed = batchSeconds.startTimer({ group });
    batchSize.observe({ group }, items.length);
    if (!(await worker.work(items, signal)) || signal.aborted) return;
    observed();
    for (const { topic, partition, offset } of items) tracker.done(topicPrefix + topic, partition, offset);
  };
  let broken = false;
  const loop = (async () => {
    while (!stopping) await takeRound();
  })().catch((err: unknown) => {
    broken = true;
    logger.error({ err, group }, 'the consumer loop ended; that is a bug');
  });

  const timer = setInterval(() => {
    void commit();
    for (const [place, end] of ends) {
      const cut = place.lastIndexOf('/');
      const [topic, partition] = [place.slice(0, cut), place.slice(cut + 1)];
      consumerLag.set({ group, topic: topic.slice(topicPrefix.length), partition }, tracker.lag(topic, Number(partition), end));
    }
  }, options.commitIntervalMs ?? COMMIT_INTERVAL_MS);

  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    stopping = true;
    member.pause();
    arrivals.clear();
    arrivals.wake();
    await within(DRAIN_MS, loop);
    clearInterval(timer);
    await within(LAST_COMMIT_MS, commit());
    assignment.abort();
    await member.leave();
  };

  return {
    stop: () => (stopped ??= stop()),
    ownedPartitions: (topic) => tracker.partitions(topicPrefix + topic),
    healthy: () => !broken && !worker.isStuck() && member.silentForMs() < Math.max(sessionTimeoutMs, READY_MS),
  };
};

import { backoffMs, type Logger, sleep } from '@jumun/service-kit';
import type { Consumer as KafkaConsumer, EachBatchPayload, Kafka } from 'kafkajs';
import { kafkaRetry } from './connect.ts';
import type { PartitionOffset } from './offset-tracker.ts';

export interface GroupMemberOptions {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly sessionTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly logger: Logger;
  /** All partitions that are ours from now on; what was fetched before is fetched again from the committed offsets. */
  onAssigned(assignment: Readonly<Record<string, readonly number[]>>): void;
  /** The group is about to be divided anew: the last moment to commit. */
  onRebalancing(): void;
  onBatch(payload: EachBatchPayload): Promise<void>;
}

export interface GroupMember {
  /** One try within the present assignment. Rejects when the group has moved on. */
  commit(offsets: readonly PartitionOffset[]): Promise<void>;
  /** Since the broker last answered as it should; Infinity before it ever did, and after a crash. */
  silentForMs(): number;
  leave(): Promise<void>;
}

/** How often an idle consumer asks anew; a message that comes in between is answered at once. */
const FETCH_WAIT_MS = 500;
/** A fetch brings at most this of each partition (or one larger message), so that little is in hand at once. */
const PARTITION_BYTES_MAX = 256 * 1024;
const REBALANCE_TIMEOUT_MS = 15_000;
const REJOIN_CAP_MS = 3_000;

/**
 * Membership in a group that is kept up. kafkajs gives up on some errors that pass, and goes on for ever on others, so every crash ends
 * its consumer and a new one is made, with backoff, until `leave`.
 */
export const joinGroup = (options: GroupMemberOptions): GroupMember => {
  const { kafka, groupId, topics, logger, heartbeatMs } = options;
  const leaving = new AbortController();
  const left = new Promise<undefined>((resolve) => leaving.signal.addEventListener('abort', () => resolve(undefined), { once: true }));
  let current: KafkaConsumer | undefined;
  let commitNow: EachBatchPayload['commitOffsetsIfNecessary'] | undefined;
  let lastSignAt = -Infinity;
  let failures = 0;

  const alive = (): void => {
    lastSignAt = performance.now();
    failures = 0;
  };

  const create = (onCrash: (error: Error) => void): KafkaConsumer => {
    const consumer = kafka.consumer({
      groupId,
      sessionTimeout: options.sessionTimeoutMs,
      rebalanceTimeout: Math.max(options.sessionTimeoutMs, REBALANCE_TIMEOUT_MS),
      heartbeatInterval: heartbeatMs,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      minBytes: 1,
      maxBytesPerPartition: PARTITION_BYTES_MAX,
      allowAutoTopicCreation: false,
      retry: { ...kafkaRetry, restartOnFailure: () => Promise.resolve(false) },
    });
    const { GROUP_JOIN, HEARTBEAT, REBALANCING, CRASH } = consumer.events;
    // A consumer that was given up may still have something to say; nobody listens to it any more.
    const mine = (): boolean => consumer === current && !leaving.signal.aborted;
    consumer.on(HEARTBEAT, () => void (mine() && alive()));
    consumer.on(REBALANCING, () => void (mine() && options.onRebalancing()));
    consumer.on(GROUP_JOIN, ({ payload }) => {
      if (!mine()) return;
      alive();
      options.onAssigned(payload.memberAssignment);
    });
    consumer.on(CRASH, ({ payload }) => void (mine() && onCrash(payload.error)));
    return consumer;
  };

  const onBatch = async (consumer: KafkaConsumer, payload: EachBatchPayload): Promise<void> => {
    // kafkajs delivers what it had fetched even after `stop`.
    if (consumer !== current || leaving.signal.aborted || !payload.isRunning() || payload.isStale()) return;
    commitNow = (offsets) => payload.commitOffsetsIfNecessary(offsets);
    alive();
    await options.onBatch(payload);
  };

  /** Rejects when the broker has been silent for so long that kafkajs must have lost its way. */
  const watch = (signal: AbortSignal): Promise<Error> =>
    new Promise((resolve) => {
      const startedAt = performance.now();
      const timer = setInterval(() => {
        const silentMs = performance.now() - Math.max(startedAt, lastSignAt);
        if (silentMs > options.sessionTimeoutMs * 3) resolve(new Error(`no sign of life for ${Math.round(silentMs)} ms`));
      }, heartbeatMs);
      signal.addEventListener('abort', () => clearInterval(timer), { once: true });
    });

  /** Resolves when the group is left, rejects when the consumer has crashed. */
  const live = async (): Promise<void> => {
    const ended = new AbortController();
    let crashed: (error: Error) => void = () => undefined;
    const crash = new Promise<Error>((resolve) => (crashed = resolve));
    const consumer = (current = create(crashed));
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [...topics], fromBeginning: true });
      if (leaving.signal.aborted) return;
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: (payload) => onBatch(consumer, payload),
      });
      const error = await Promise.race([crash, watch(ended.signal), left]);
      if (error !== undefined) throw error;
    } finally {
      ended.abort();
      await consumer.disconnect().catch((err: unknown) => logger.debug({ err, group: groupId }, 'disconnect'));
    }
  };

  const keepUp = async (): Promise<void> => {
    while (!leaving.signal.aborted) {
      try {
        await live();
      } catch (err) {
        current = undefined;
        commitNow = undefined;
        lastSignAt = -Infinity;
        failures += 1;
        options.onAssigned({});
        logger.warn({ err, group: groupId, failures }, 'the consumer fell; joining again');
        await sleep(backoffMs(failures, { baseMs: 100, capMs: REJOIN_CAP_MS }), leaving.signal);
      }
    }
  };
  const ended = keepUp();

  return {
    // Not `consumer.commitOffsets`: on an error of the group that one starts a second fetch loop beside the first.
    commit: async (offsets) => {
      if (commitNow === undefined) throw new Error('not a member of the group');
      const topicsOf = Map.groupBy(offsets, ({ topic }) => topic);
      await commitNow({ topics: Array.from(topicsOf, ([topic, partitions]) => ({ topic, partitions: [...partitions] })) });
    },
    silentForMs: () => performance.now() - lastSignAt,
    leave: async () => {
      leaving.abort();
      await ended;
    },
  };
};

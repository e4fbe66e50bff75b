import { backoffMs, type Logger, sleep, textOf } from '@jumun/service-kit';
import type { Consumer as KafkaConsumer, EachBatchPayload, Kafka } from 'kafkajs';
import { isStillLoading } from './errors.ts';
import type { PartitionOffset } from './offset-tracker.ts';

export interface GroupMember {
  /** One try, without kafkajs's retries: those would repeat an old offset in a new generation, where it may lower another's. */
  commit(offsets: readonly PartitionOffset[]): Promise<void>;
  /** Stops asking for more; heartbeats go on. */
  pause(): void;
  /** Milliseconds since the last sign that messages would arrive; Infinity before the first one. To be in the group is none. */
  silentForMs(): number;
  leave(): Promise<void>;
}

export interface GroupMemberOptions {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly sessionTimeoutMs: number;
  readonly logger: Logger;
  /** All partitions that are ours now. Whatever was fetched before is void: it will be fetched again from the committed offset. */
  readonly onAssigned: (assignment: Readonly<Record<string, number[]>>) => void;
  /** The group is about to give our partitions away; a last chance to commit. */
  readonly onRebalancing: () => void;
  /** Takes a fetched batch. False: it was not taken and will be fetched again. It must not take long, except while a queue is full. */
  readonly onBatch: (payload: EachBatchPayload) => Promise<boolean>;
}

/** A lone message does not wait for it (the broker answers at once); it only is how often an idle consumer asks. */
const FETCH_WAIT_MS = 1_000;
const REJOIN_CAP_MS = 2_000;
/** A fetch that waits at the broker is over in half of that; nobody waits for a broker that does not answer. */
const END_MS = 2_000;
/** A fetch that began before a rebalance is over after this, whatever happened to its broker. */
const FETCH_AGE_MAX_MS = 30_000;

/** Membership in a consumer group, kept up: when kafkajs gives up or falls silent, it is made anew, with backoff, for as long as it takes. */
export const joinGroup = async (options: GroupMemberOptions): Promise<GroupMember> => {
  const { kafka, groupId, topics, sessionTimeoutMs, logger } = options;
  let consumer: KafkaConsumer | undefined;
  let latest: EachBatchPayload | undefined;
  let leaving = false;
  let failures = 0;
  let lastSign: number | undefined;
  let startedAt = Date.now();
  const stop = new AbortController();

  const start = async (): Promise<void> => {
    const mine = kafka.consumer({
      groupId,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: Math.max(sessionTimeoutMs, 10_000),
      heartbeatInterval: Math.min(3_000, Math.floor(sessionTimeoutMs / 3)),
      maxWaitTimeInMs: FETCH_WAIT_MS,
      minBytes: 1,
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3, restartOnFailure: async () => false },
    });
    consumer = mine;
    startedAt = Date.now();
    const isCurrent = (): boolean => consumer === mine && !leaving;
    let generation = 0;
    /** The last fetch of each broker: when it began, and in which assignment. */
    const fetches = new Map<string, { generation: number; at: number }>();
    /** The brokers that were asked in this assignment, and whether what they answered could be read. */
    const asked = new Map<string, boolean>();
    let isReading = false;
    // Whoever joins, and then cannot read what is fetched, is as good as away: it pauses longer and longer, and says that it is not ready.
    const understood = (): void => {
      if (!isCurrent()) return;
      const oldest = Date.now() - FETCH_AGE_MAX_MS; // a broker that has left the cluster never answers what it was asked
      for (const [node, answered] of asked) if (!answered && (fetches.get(node)?.at ?? 0) > oldest) return;
      isReading = true;
      failures = 0;
      lastSign = Date.now();
    };
    let discarded = false;
    // kafkajs cannot be stopped while it joins: it forgets the stop, joins in the end, and would keep partitions that nobody works on.
    const discard = (): void => {
      if (discarded) return;
      discarded = true;
      mine.pause(topics.map((topic) => ({ topic })));
      setTimeout(() => void end(mine), 100);
    };

    mine.on(mine.events.FETCH_START, ({ payload }) => {
      const node = String(payload.nodeId);
      fetches.set(node, { generation, at: Date.now() });
      if (!asked.has(node)) asked.set(node, false);
    });
    mine.on(mine.events.FETCH, ({ payload }) => {
      const node = String(payload.nodeId);
      // kafkajs calls it a fetch as well when it has joined anew because of an error.
      if (fetches.get(node)?.generation !== generation) return;
      asked.set(node, true);
      // Nothing has come for as long as it may take. What was over sooner has brought a batch, or an error that kafkajs makes nothing of.
      if (payload.duration >= FETCH_WAIT_MS / 2) understood();
    });
    mine.on(mine.events.REBALANCING, () => {
      fetches.clear(); // kafkajs has ended them all by now
      if (isCurrent()) options.onRebalancing();
    });
    mine.on(mine.events.HEARTBEAT, () => {
      if (isReading && isCurrent()) lastSign = Date.now();
    });
    mine.on(mine.events.GROUP_JOIN, ({ payload }) => {
      generation++;
      asked.clear();
      isReading = false;
      latest = undefined;
      if (isCurrent()) options.onAssigned(payload.memberAssignment as Record<string, number[]>);
      else discard();
    });
    mine.on(mine.events.CRASH, ({ payload }) => {
      if (isCurrent()) void restart(payload.error);
    });

    // With several brokers kafkajs can join anew while a fetch from another one is under way. What that brings would move the position
    // over messages that were thrown away at the join.
    const mayBeOld = (): boolean => {
      const oldest = Date.now() - FETCH_AGE_MAX_MS;
      for (const fetch of fetches.values()) if (fetch.generation !== generation && fetch.at > oldest) return true;
      return false;
    };
    const eachBatch = async (payload: EachBatchPayload): Promise<void> => {
      if (!isCurrent()) return discard();
      if (mayBeOld()) return;
      understood();
      latest = payload;
      const last = payload.batch.messages.at(-1);
      if (last !== undefined && (await options.onBatch(payload))) payload.resolveOffset(last.offset);
    };

    await mine.connect();
    await mine.subscribe({ topics: [...topics], fromBeginning: true });
    await mine.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch });
  };

  const end = async (which: KafkaConsumer | undefined): Promise<void> => {
    const ended = new AbortController();
    try {
      await Promise.race([which?.disconnect(), sleep(END_MS, ended.signal)]);
    } catch (err) {
      logger.debug({ err, groupId }, 'a consumer did not end cleanly');
    } finally {
      ended.abort();
    }
  };

  const restart = async (cause: unknown): Promise<void> => {
    const broken = consumer;
    consumer = undefined;
    latest = undefined;
    for (let error = cause; !leaving;) {
      failures++;
      if (isStillLoading(error)) logger.info({ groupId, failures }, "the group's coordinator is still loading; trying again");
      else logger.warn({ reason: textOf(error), groupId, failures }, 'the consumer broke; making it anew');
      await sleep(backoffMs(failures, { baseMs: 200, capMs: REJOIN_CAP_MS }), stop.signal);
      await end(broken);
      if (leaving) return;
      try {
        await start();
        return;
      } catch (next) {
        await end(consumer);
        consumer = undefined;
        error = next;
      }
    }
  };

  // Some failures leave kafkajs without a loop and without a word (#1630).
  const watchdog = setInterval(() => {
    if (leaving || consumer === undefined || Date.now() - Math.max(startedAt, lastSign ?? 0) < Math.max(2 * sessionTimeoutMs, 20_000))
      return;
    void restart(new Error('no sign of life from the broker'));
  }, 2_000);
  watchdog.unref();

  try {
    await start();
  } catch (error) {
    // The broker may still be starting: the caller is not ready until the group was joined.
    await end(consumer);
    void restart(error);
  }

  return {
    commit: async (offsets) => {
      const payload = latest;
      if (payload === undefined) throw new Error('not a member at the moment');
      const byTopic = new Map<string, { partition: number; offset: string }[]>();
      for (const { topic, partition, offset } of offsets) {
        const list = byTopic.get(topic) ?? [];
        if (list.length === 0) byTopic.set(topic, list);
        list.push({ partition, offset: String(offset) });
      }
      await payload.commitOffsetsIfNecessary({ topics: [...byTopic].map(([topic, partitions]) => ({ topic, partitions })) });
    },
    pause: () => {
      try {
        consumer?.pause(topics.map((topic) => ({ topic })));
      } catch {
        // It is between two lives, and asks for nothing.
      }
    },
    silentForMs: () => (lastSign === undefined ? Infinity : Date.now() - lastSign),
    leave: async () => {
      leaving = true;
      clearInterval(watchdog);
      stop.abort();
      await end(consumer);
    },
  };
};

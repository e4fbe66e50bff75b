import { type Logger, retryWithBackoff } from '@jumun/service-kit';
import kafkajs, { type Admin, type ConfigEntries, type Kafka } from 'kafkajs';

/** A topic to be made; `Topic` of the contracts fits. */
export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly retentionMs: number;
  readonly cleanup: 'delete' | 'compact';
  /** Default 1. */
  readonly minInSyncReplicas?: number;
}

/** Node finds not all names of a CommonJS module by itself. */
const { ConfigResourceTypes, ConfigSource } = kafkajs;

const REPLICATION_FACTOR_MAX = 3;

const LEADER_ATTEMPTS_MAX = 60;

/** What a topic asks for, but one copy less than it has: a single broker that is away must not stop everybody. */
export const inSyncMin = (asked: number, replicationFactor: number): number => Math.max(1, Math.min(asked, replicationFactor - 1));

/** The broker unpacks what it is sent: nobody could read on behind a record that kafkajs has no codec for, which are all but gzip. */
const COMPRESSION = { name: 'compression.type', value: 'uncompressed' };

/** Topics of before get it too. What is compressed in them already stays so. */
const forbidCompression = async (admin: Admin, topics: readonly string[], logger: Logger): Promise<void> => {
  if (topics.length === 0) return;
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map((name) => ({ type: ConfigResourceTypes.TOPIC, name })),
  });
  const isCompression = ({ configName }: ConfigEntries): boolean => configName === COMPRESSION.name;
  const different = resources.filter(({ configEntries }) => configEntries.find(isCompression)?.configValue !== COMPRESSION.value);
  if (different.length === 0) return;
  await admin.alterConfigs({
    validateOnly: false,
    // kafkajs can only replace the settings of a topic, all of its own.
    resources: different.map(({ resourceName, configEntries }) => ({
      type: ConfigResourceTypes.TOPIC,
      name: resourceName,
      configEntries: [
        ...configEntries
          .filter((entry) => entry.configSource === ConfigSource.TOPIC_CONFIG && !isCompression(entry))
          .map(({ configName, configValue }) => ({ name: configName, value: configValue })),
        COMPRESSION,
      ],
    })),
  });
  logger.info({ topics: different.length }, 'topics no longer keep anything compressed');
};

/** Waits until every partition can be written to: some 100 ms, seconds on a busy machine. */
const leadersOf = (admin: Admin, topics: string[]): Promise<void> =>
  retryWithBackoff(
    async () => {
      const metadata = await admin.fetchTopicMetadata({ topics });
      for (const { name, partitions } of metadata.topics)
        if (partitions.some(({ leader }) => leader < 0)) throw new Error(`${name} has no leader yet`);
    },
    { isRetryable: () => true, attemptsMax: LEADER_ATTEMPTS_MAX, baseMs: 50, capMs: 500 },
  );

/** Makes the missing topics, on as many brokers as there are, at most three; of existing ones only the compression is changed. */
export const createTopics = async (
  { kafka, topicPrefix, logger }: { kafka: Kafka; topicPrefix: string; logger: Logger },
  table: readonly TopicSpec[],
): Promise<void> => {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const existing = new Set(await admin.listTopics());
    const names = table.map(({ name }) => topicPrefix + name);
    await forbidCompression(
      admin,
      names.filter((name) => existing.has(name)),
      logger,
    );
    const missing = table.filter(({ name }) => !existing.has(topicPrefix + name));
    if (missing.length === 0) return;
    const { brokers } = await admin.describeCluster();
    const replicationFactor = Math.min(REPLICATION_FACTOR_MAX, brokers.length);
    await admin.createTopics({
      waitForLeaders: false, // kafkajs gives up at the first broker that has not heard of the topic yet
      topics: missing.map(({ name, partitions, retentionMs, cleanup, minInSyncReplicas = 1 }) => ({
        topic: topicPrefix + name,
        numPartitions: partitions,
        replicationFactor,
        configEntries: [
          { name: 'retention.ms', value: String(retentionMs) },
          { name: 'cleanup.policy', value: cleanup },
          COMPRESSION,
          { name: 'min.insync.replicas', value: String(inSyncMin(minInSyncReplicas, replicationFactor)) },
        ],
      })),
    });
    await leadersOf(
      admin,
      missing.map(({ name }) => topicPrefix + name),
    );
    logger.info({ topics: missing.length }, 'topics created');
  } finally {
    await admin.disconnect();
  }
};

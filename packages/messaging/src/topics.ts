import type { Logger } from '@jumun/service-kit';
import type { Kafka } from 'kafkajs';

/** A topic to be made; `Topic` of the contracts fits. */
export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly retentionMs: number;
  readonly cleanup: 'delete' | 'compact';
}

const REPLICATION_FACTOR_MAX = 3;

/** Makes the missing topics, on as many brokers as there are, at most three; existing ones are left as they are. */
export const createTopics = async (
  { kafka, topicPrefix, logger }: { kafka: Kafka; topicPrefix: string; logger: Logger },
  table: readonly TopicSpec[],
): Promise<void> => {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const existing = new Set(await admin.listTopics());
    const missing = table.filter(({ name }) => !existing.has(topicPrefix + name));
    if (missing.length === 0) return;
    const { brokers } = await admin.describeCluster();
    const replicationFactor = Math.min(REPLICATION_FACTOR_MAX, brokers.length);
    const minInSync = replicationFactor >= 3 ? 2 : 1;
    await admin.createTopics({
      waitForLeaders: true,
      topics: missing.map(({ name, partitions, retentionMs, cleanup }) => ({
        topic: topicPrefix + name,
        numPartitions: partitions,
        replicationFactor,
        configEntries: [
          { name: 'retention.ms', value: String(retentionMs) },
          { name: 'cleanup.policy', value: cleanup },
          { name: 'min.insync.replicas', value: String(minInSync) },
        ],
      })),
    });
    logger.info({ topics: missing.length }, 'topics created');
  } finally {
    await admin.disconnect();
  }
};

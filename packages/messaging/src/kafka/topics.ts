import { minInSyncReplicas, type Topic } from '@jumun/protos';
import type { Kafka } from 'kafkajs';

/** Creates the missing topics, with their partitions, retention and in-sync replicas; existing ones stay as they are. */
export const createTopics = async (
  kafka: Kafka,
  topicPrefix: string,
  topics: readonly Topic[],
  replicationFactor: number,
): Promise<void> => {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const existing = new Set(await admin.listTopics());
    const missing = topics.filter(({ name }) => !existing.has(topicPrefix + name));
    if (missing.length === 0) return;
    await admin.createTopics({
      waitForLeaders: true,
      topics: missing.map(({ name, partitions, retentionMs, cleanup }) => ({
        topic: topicPrefix + name,
        numPartitions: partitions,
        replicationFactor,
        configEntries: [
          { name: 'retention.ms', value: String(retentionMs) },
          { name: 'cleanup.policy', value: cleanup },
          { name: 'min.insync.replicas', value: String(minInSyncReplicas(replicationFactor)) },
        ],
      })),
    });
  } finally {
    await admin.disconnect();
  }
};

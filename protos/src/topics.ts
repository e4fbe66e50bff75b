/** A topic as it is created, by the local cluster (`deploy/local`) and by tests. */
export interface Topic {
  readonly name: string;
  /** More partitions allow more instances to share the work; order is kept within a key only. */
  readonly partitions: number;
  readonly retentionMs: number;
  readonly cleanup: 'delete' | 'compact';
  /** So many brokers must have a message before it counts as written; one less than there are copies of it where the cluster is smaller. */
  readonly minInSyncReplicas: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Commands and replies are spent once answered; the inbox remembers them for longer than the topic does. */
const COMMAND_RETENTION_MS = 1 * DAY_MS;
/** Longer than the command topics keep a command, plus the longest pause of a participant. */
export const INBOX_RETENTION_MS = 3 * DAY_MS;
const EVENT_RETENTION_MS = 7 * DAY_MS;
const DEAD_LETTER_RETENTION_MS = 14 * DAY_MS;

/** Of three copies: a message that was acknowledged survives the loss of one broker, and one broker may be away. */
const IN_SYNC_MIN = 2;

export const topicNames = {
  inventoryCommands: 'jumun.inventory.commands.v1',
  walletCommands: 'jumun.wallet.commands.v1',
  couponCommands: 'jumun.coupon.commands.v1',
  orderReplies: 'jumun.orders.replies.v1',
  orderEvents: 'jumun.orders.events.v1',
  walletEvents: 'jumun.wallet.events.v1',
  couponEvents: 'jumun.coupon.events.v1',
  inventoryEvents: 'jumun.inventory.events.v1',
} as const;

/** The topic in which what a consumer of `topic` could not read or carry out is kept. */
export const deadLetterTopic = (topic: string): string => `${topic}.dlq`;

const spoken = (name: string, retentionMs: number): Topic => ({
  name,
  partitions: 4,
  retentionMs,
  cleanup: 'delete',
  minInSyncReplicas: IN_SYNC_MIN,
});

const carried: readonly Topic[] = [
  spoken(topicNames.inventoryCommands, COMMAND_RETENTION_MS),
  spoken(topicNames.walletCommands, COMMAND_RETENTION_MS),
  spoken(topicNames.couponCommands, COMMAND_RETENTION_MS),
  spoken(topicNames.orderReplies, COMMAND_RETENTION_MS),
  spoken(topicNames.orderEvents, EVENT_RETENTION_MS),
  spoken(topicNames.walletEvents, EVENT_RETENTION_MS),
  spoken(topicNames.couponEvents, EVENT_RETENTION_MS),
  spoken(topicNames.inventoryEvents, EVENT_RETENTION_MS),
];

/** Every topic there is, dead letters included. Brokers create none by themselves. */
export const topics: readonly Topic[] = carried.flatMap((topic) => [
  topic,
  {
    name: deadLetterTopic(topic.name),
    partitions: 1,
    retentionMs: DEAD_LETTER_RETENTION_MS,
    cleanup: 'delete',
    minInSyncReplicas: IN_SYNC_MIN,
  },
]);

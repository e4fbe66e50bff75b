import { connect } from 'node:net';
import '@jumun/messaging'; // mends the kafkajs that both run on
import { Kafka, logLevel } from 'kafkajs';
import type { FloorSetting, Message, Topic } from './setting.ts';

/** As often as Jumun does: kafkajs by itself would wait for a commit after each batch. */
const COMMIT_INTERVAL_MS = 1_000;

export type Batches = Partial<Record<Topic, Message[]>>;

export interface Stream {
  send(batches: Batches): Promise<void>;
  /** Works on everything that is in hand, so many messages at most, one batch at a time. What fails ends the process. */
  consume<M extends Message>(topic: Topic, batchSizeMax: number, handle: (messages: M[]) => Promise<void>): Promise<void>;
}

/** Messages as JSON, in batches both ways, each acknowledged by the broker. */
export const openStream = async (setting: FloorSetting, role: string): Promise<Stream> => {
  const kafka = new Kafka({
    clientId: role,
    brokers: [...setting.brokers],
    logLevel: logLevel.NOTHING, // what fails comes as a rejection or as a crash
    socketFactory: ({ host, port, onConnect }) => connect({ host, port }, onConnect).setNoDelay(true),
  });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  return {
    send: async (batches) => {
      const topicMessages = Object.entries(batches).map(([topic, messages]) => ({
        topic: setting.topicPrefix + topic,
        messages: messages.map((message) => ({ key: message.orderId, value: JSON.stringify(message), headers: { id: message.id } })),
      }));
      if (topicMessages.length > 0) await producer.sendBatch({ acks: -1, topicMessages });
    },
    consume: async <M extends Message>(topic: Topic, batchSizeMax: number, handle: (messages: M[]) => Promise<void>) => {
      const name = setting.topicPrefix + topic;
      const consumer = kafka.consumer({ groupId: `${setting.topicPrefix}${role}`, maxWaitTimeInMs: 1_000 });
      const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
      consumer.on(consumer.events.CRASH, ({ payload }) => {
        console.error(payload.error);
        process.exit(1);
      });
      let inHand: M[] = [];
      let working = false;
      const work = async (): Promise<void> => {
        working = true;
        while (inHand.length > 0) {
          const batch = inHand.slice(0, batchSizeMax);
          inHand = inHand.slice(batchSizeMax);
          await handle(batch);
        }
        working = false;
      };
      await consumer.connect();
      await consumer.subscribe({ topics: [name], fromBeginning: true });
      let offset: string | undefined;
      setInterval(() => {
        if (offset !== undefined) void consumer.commitOffsets([{ topic: name, partition: 0, offset }]);
        offset = undefined;
      }, COMMIT_INTERVAL_MS);
      await consumer.run({
        autoCommit: false,
        eachBatch: async ({ batch }) => {
          offset = String(BigInt(batch.lastOffset()) + 1n);
          inHand.push(...batch.messages.map(({ value }) => JSON.parse(String(value)) as M));
          if (!working) void work();
        },
      });
      await joined;
    },
  };
};

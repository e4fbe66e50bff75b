import { connect } from 'node:net';
import '@jumun/messaging'; // mends the kafkajs that both run on
import { Kafka, logLevel } from 'kafkajs';
import { type FloorSetting, type Message, type Topic, TOPICS } from './setting.ts';

const MESSAGES_MAX = 500;

type Batches = Partial<Record<Topic, Message[]>>;

export interface Stream {
  send(batches: Batches): Promise<void>;
  /** Works on everything that is in hand, one batch at a time. What fails ends the process. */
  consume<M extends Message>(topic: Topic, handle: (messages: M[]) => Promise<void>): Promise<void>;
}

const client = ({ brokers }: FloorSetting, clientId: string): Kafka =>
  new Kafka({
    clientId,
    brokers: [...brokers],
    logLevel: logLevel.NOTHING, // what fails comes as a rejection
    socketFactory: ({ host, port, onConnect }) => connect({ host, port }, onConnect).setNoDelay(true),
  });

/** One partition each: Jumun too sends a batch to one. */
export const createTopics = async (setting: FloorSetting): Promise<void> => {
  const admin = client(setting, 'floor').admin();
  await admin.connect();
  await admin.createTopics({ topics: TOPICS.map((topic) => ({ topic: setting.topicPrefix + topic, numPartitions: 1 })) });
  await admin.disconnect();
};

/** Messages as JSON, in batches both ways, each acknowledged by the broker. */
export const openStream = async (setting: FloorSetting, role: string): Promise<Stream> => {
  const kafka = client(setting, role);
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
    consume: async <M extends Message>(topic: Topic, handle: (messages: M[]) => Promise<void>) => {
      const consumer = kafka.consumer({ groupId: `${setting.topicPrefix}${role}`, maxWaitTimeInMs: 1_000 });
      const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
      let inHand: M[] = [];
      let working = false;
      const work = async (): Promise<void> => {
        working = true;
        while (inHand.length > 0) {
          const batch = inHand.slice(0, MESSAGES_MAX);
          inHand = inHand.slice(MESSAGES_MAX);
          await handle(batch);
        }
        working = false;
      };
      await consumer.connect();
      await consumer.subscribe({ topics: [setting.topicPrefix + topic], fromBeginning: true });
      await consumer.run({
        autoCommitInterval: 1_000,
        eachBatch: async ({ batch }) => {
          inHand.push(...batch.messages.map(({ value }) => JSON.parse(String(value)) as M));
          if (!working) void work();
        },
      });
      await joined;
    },
  };
};

import { createRequire } from 'node:module';
import { encodeProduce, type TopicData } from './produce-encoder.ts';

interface Original {
  protocol(version: { version: number }): (args: object) => { request: { encode(): Promise<{ buffer: Buffer }> } };
}

/** kafkajs' own encoder; it takes the time from the messages if they have one. */
const original = async (topicData: readonly TopicData[], now: number): Promise<Buffer> => {
  const produce = createRequire(import.meta.url)('kafkajs/src/protocol/requests/produce') as Original;
  const timed = topicData.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map((data) => ({ ...data, messages: data.messages.map((message) => ({ ...message, timestamp: now })) })),
  }));
  const { request } = produce.protocol({ version: 7 })({ acks: -1, timeout: 10_000, topicData: timed });
  return (await request.encode()).buffer;
};

test('the bytes are those of kafkajs', async () => {
  const headers = { ce_id: 'i', 주문: 'é', binary: Buffer.from([0, 255]), twice: ['a', 'b'], empty: '' };
  const messages = Array.from({ length: 150 }, (_, n) => ({
    key: n % 3 === 0 ? null : `키${n}`,
    value: n % 5 === 0 ? null : Buffer.alloc((n * 37) % 20_000, n),
    headers: n % 7 === 0 ? {} : headers,
  }));
  const topics = [
    {
      topic: 'one',
      partitions: [
        { partition: 0, messages },
        { partition: 3, messages: messages.slice(0, 1) },
      ],
    },
    { topic: '둘', partitions: [{ partition: 1, messages: messages.slice(2, 9) }] },
  ];
  const now = 1_795_000_000_000;
  expect(encodeProduce(-1, 10_000, topics, now).equals(await original(topics, now))).toBe(true);
});

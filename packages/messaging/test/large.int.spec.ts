import { common } from '@jumun/protos';
import { infrastructure } from '@jumun/testkit';
import { ConfigResourceTypes, Kafka, type KafkaMessage, logLevel } from 'kafkajs';
import type { Consumer, EncodedMessage, InMessage } from '../src/index.ts';
import { eventually, type Fixture, openFixture } from './fixture.ts';

// What a broker refuses: a batch of one partition above 1,048,588 bytes.

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

const seen: InMessage[] = [];
let topics = 0;
const consumed = async (): Promise<{ topic: string; consumer: Consumer }> => {
  const topic = `large-${++topics}`;
  const spec = { partitions: 1, retentionMs: 3_600_000, cleanup: 'delete' as const };
  await fixture.bus.createTopics([
    { name: topic, ...spec },
    { name: `${topic}.dlq`, ...spec },
  ]);
  const handle = async (batch: InMessage[]): Promise<void> => void seen.push(...batch);
  const consumer = fixture.keep(await fixture.bus.consume({ group: topic, topics: [topic], sessionTimeoutMs: 6_000, handle }));
  return { topic, consumer };
};
const sendReadable = (topic: string, ids: string[], reason = 'r'): Promise<void> =>
  fixture.bus.send(ids.map((id) => ({ topic, key: 'k', id, payload: common.CommandFailed.fromPartial({ reason }) })));
const unreadable = (topic: string, more: Partial<EncodedMessage>): EncodedMessage => ({
  topic,
  key: 'k',
  value: Buffer.from('?'),
  headers: {},
  ...more,
});

it('sends two megabytes to one partition at once, in order', async () => {
  const { topic } = await consumed();
  const ids = Array.from({ length: 200 }, (_, i) => `${topic}-${i}`);
  await sendReadable(topic, ids, 'x'.repeat(10_000));
  const mine = (): string[] => [...new Set(seen.filter((each) => each.topic === topic).map(({ id }) => id))];
  await eventually(() => mine().length === ids.length);
  expect(mine()).toEqual(ids);
});

it.each([
  ['eight large values', (topic: string) => Array.from({ length: 8 }, () => unreadable(topic, { value: Buffer.alloc(300_000) })), {}],
  [
    'a huge key',
    (topic: string) => [unreadable(topic, { key: Buffer.alloc(950_000, 'k'), value: Buffer.alloc(50_000) })],
    { dlq_key_bytes: '950000' },
  ],
])('makes dead letters of %s that nobody can read, and moves on', async (_, records, headers) => {
  const { topic } = await consumed();
  const letters = await fixture.keepRaw(`${topic}.dlq`);
  const sent = records(topic);
  await fixture.bus.sendEncoded(sent);
  await sendReadable(topic, [`after-${topic}`]);
  await eventually(() => seen.some(({ id }) => id === `after-${topic}`));
  const offsets = (): Set<string> => new Set(letters.map((letter) => String(letter.headers?.['dlq_offset'])));
  await eventually(() => offsets().size >= sent.length);
  expect(letters.map(({ value }) => value?.length)).toEqual(sent.map(({ value }) => value?.length));
  for (const letter of letters) for (const [name, header] of Object.entries(headers)) expect(String(letter.headers?.[name])).toBe(header);
});

it('neither loses nor skips a message whose dead letter is refused, and is not healthy while that lasts', async () => {
  const { kafkaBrokers } = await infrastructure();
  const admin = new Kafka({ brokers: kafkaBrokers, logLevel: logLevel.NOTHING }).admin();
  const topic = `large-${topics + 1}`;
  const limitTo = (bytes: number): Promise<unknown> =>
    admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: ConfigResourceTypes.TOPIC,
          name: `${fixture.prefix}${topic}.dlq`,
          configEntries: [{ name: 'max.message.bytes', value: String(bytes) }],
        },
      ],
    });
  await admin.connect();
  const { consumer } = await consumed();
  await limitTo(500);
  // The broker says that it has taken the limit before it keeps to it.
  const probe = { topic: `${topic}.dlq`, key: 'probe', value: Buffer.alloc(5_000), headers: {} };
  const isRefused = (): Promise<boolean> =>
    fixture.bus.sendEncoded([probe]).then(
      () => false,
      () => true,
    );
  await eventually(isRefused);
  const records = await fixture.keepRaw(`${topic}.dlq`);
  const letters = (): KafkaMessage[] => records.filter(({ key }) => String(key) !== probe.key);
  await eventually(() => consumer.healthy());

  await fixture.bus.sendEncoded([unreadable(topic, { value: Buffer.alloc(5_000) })]);
  await sendReadable(topic, [`behind-${topic}`]);
  await eventually(() => !consumer.healthy());
  expect(letters()).toEqual([]);

  await limitTo(1_000_000);
  await eventually(() => letters().length >= 1 && seen.some(({ id }) => id === `behind-${topic}`));
  await eventually(() => consumer.healthy());
  await admin.disconnect();
});

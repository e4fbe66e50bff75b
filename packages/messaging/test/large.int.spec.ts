import { common } from '@jumun/protos';
import { newId } from '@jumun/service-kit';
import { infrastructure } from '@jumun/testkit';
import { type Admin, ConfigResourceTypes, Kafka, type KafkaMessage, logLevel } from 'kafkajs';
import { type Consumer, type EncodedMessage, type InMessage, openOutbox, type OutMessage } from '../src/index.ts';
import { deadLetters, outboxAge, outboxRefusals } from '../src/metrics.ts';
import { eventually, type Fixture, logger, openFixture } from './fixture.ts';

// What a broker refuses: a batch of one partition above 1,048,588 bytes.

let fixture: Fixture;
let admin: Admin;
beforeAll(async () => {
  fixture = await openFixture();
  const { kafkaBrokers } = await infrastructure();
  admin = new Kafka({ brokers: kafkaBrokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
});
afterAll(async () => {
  await admin.disconnect();
  await fixture.close();
});

const limitTo = (topic: string, bytes: number): Promise<unknown> =>
  admin.alterConfigs({
    validateOnly: false,
    resources: [
      {
        type: ConfigResourceTypes.TOPIC,
        name: fixture.prefix + topic,
        configEntries: [{ name: 'max.message.bytes', value: String(bytes) }],
      },
    ],
  });
/** Until the broker keeps to a limit: it says before that it has taken it. */
const isRefused = (probe: EncodedMessage): Promise<boolean> =>
  fixture.bus.sendEncoded([probe]).then(
    () => false,
    () => true,
  );

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
  const { topic, consumer } = await consumed();
  await limitTo(`${topic}.dlq`, 500);
  const probe = { topic: `${topic}.dlq`, key: 'probe', value: Buffer.alloc(5_000), headers: {} };
  await eventually(() => isRefused(probe));
  const records = await fixture.keepRaw(`${topic}.dlq`);
  const letters = (): KafkaMessage[] => records.filter(({ key }) => String(key) !== probe.key);
  await eventually(() => consumer.healthy());

  await fixture.bus.sendEncoded([unreadable(topic, { value: Buffer.alloc(5_000) })]);
  await sendReadable(topic, [`behind-${topic}`]);
  await eventually(() => !consumer.healthy());
  expect(letters()).toEqual([]);

  await limitTo(`${topic}.dlq`, 1_000_000);
  await eventually(() => letters().length >= 1 && seen.some(({ id }) => id === `behind-${topic}`));
  await eventually(() => consumer.healthy());
});

it('puts aside once, and counts once, what is in a batch with a message whose dead letter is refused', async () => {
  const topic = `large-${++topics}`;
  const spec = { partitions: 1, retentionMs: 3_600_000, cleanup: 'delete' as const };
  await fixture.bus.createTopics([
    { name: topic, ...spec },
    { name: `${topic}.dlq`, ...spec },
  ]);
  await limitTo(`${topic}.dlq`, 2_000);
  await eventually(() => isRefused({ topic: `${topic}.dlq`, key: 'probe', value: Buffer.alloc(5_000), headers: {} }));
  const records = await fixture.keepRaw(`${topic}.dlq`);
  const idsOfLetters = (): string[] =>
    records.filter(({ key }) => String(key) !== 'probe').map(({ headers }) => String(headers?.['ce_id']));
  // All in one partition before anybody reads it: one batch.
  await fixture.bus.sendEncoded([unreadable(topic, { headers: { ce_id: 'unreadable' } })]);
  await sendReadable(topic, ['bad', 'good']);
  await sendReadable(topic, ['bad and large'], 'x'.repeat(5_000));
  let tries = 0;
  const handle = async (batch: InMessage[]): Promise<void> => {
    if (batch.some(({ id }) => id === 'bad and large')) tries++;
    if (batch.some(({ id }) => id.startsWith('bad'))) throw new Error('a bug');
    seen.push(...batch);
  };
  fixture.keep(await fixture.bus.consume({ group: topic, topics: [topic], sessionTimeoutMs: 6_000, handle }));
  await eventually(() => tries >= 12 && idsOfLetters().length >= 2); // three or four in a round
  expect(idsOfLetters()).toEqual(['unreadable', 'bad']);

  await limitTo(`${topic}.dlq`, 1_000_000);
  await eventually(() => idsOfLetters().length > 2);
  expect(idsOfLetters()).toEqual(['unreadable', 'bad', 'bad and large']);
  expect((await deadLetters.get()).values.find(({ labels }) => labels.group === topic)?.value).toBe(3);
  expect(seen.some(({ topic: from, id }) => from === topic && id === 'good')).toBe(true);
});

it('has what waits in the outbox behind messages that are refused go out, keeps those, and sends them once the topic takes them', async () => {
  const { topic } = await consumed();
  await limitTo(topic, 2_000);
  const probe = { topic, key: 'probe', value: Buffer.alloc(5_000), headers: {} };
  await eventually(() => isRefused(probe));
  const event = (reason: string, time: Date): OutMessage => ({
    topic,
    key: 'k',
    id: newId(),
    payload: common.CommandFailed.fromPartial({ reason }),
    time,
  });
  // More than are read at once, and older than what can be sent.
  const tooLarge = Array.from({ length: 600 }, () => event('x'.repeat(5_000), new Date(Date.now() - 3_600_000)));
  const [small, later] = [event('r', new Date(Date.now() - 60_000)), event('r', new Date())];
  const outbox = fixture.keep(openOutbox({ db: fixture.db, bus: fixture.bus, logger, pollMs: 200 }));
  const idsWhere = async (condition: string): Promise<string[]> => {
    const rows = await fixture.db.query<{ id: string }>(`SELECT id FROM outbox WHERE topic = ? AND ${condition} ORDER BY id`, [topic]);
    return rows.map(({ id }) => id);
  };
  await fixture.db.transaction((tx) => outbox.add(tx, [...tooLarge, small]));
  outbox.start();
  await eventually(() => seen.some(({ id }) => id === small.id));
  await eventually(async () => (await idsWhere('refused_at IS NOT NULL')).length === tooLarge.length);
  expect(await eventually(async () => (await outboxAge.get()).values[0]?.value === 0)).toBe(true);
  const refusals = (await outboxRefusals.get()).values.find(({ labels }) => labels.topic === topic);
  expect(refusals?.value).toBeGreaterThanOrEqual(tooLarge.length);
  await fixture.db.transaction((tx) => outbox.add(tx, [later]));
  await outbox.flush([later]);
  await eventually(async () => (await idsWhere('sent_at IS NULL')).length <= tooLarge.length);
  expect(await idsWhere('sent_at IS NULL')).toEqual(tooLarge.map(({ id }) => id).sort());

  await limitTo(topic, 1_000_000);
  await eventually(async () => !(await isRefused(probe)));
  // Their pause is over.
  await fixture.db.execute('UPDATE outbox SET refused_at = refused_at - INTERVAL 1 MINUTE WHERE topic = ?', [topic]);
  await eventually(async () => (await idsWhere('sent_at IS NULL')).length === 0);
  const ids = (): Set<string> => new Set(seen.filter((each) => each.topic === topic).map(({ id }) => id));
  await eventually(() => ids().size === tooLarge.length + 2);
  expect(ids()).toEqual(new Set([...tooLarge, small, later].map(({ id }) => id)));
});

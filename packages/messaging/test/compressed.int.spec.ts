import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { common } from '@jumun/protos';
import { infrastructure } from '@jumun/testkit';
import { type Admin, CompressionCodecs, CompressionTypes, ConfigResourceTypes, Kafka, logLevel, type Producer } from 'kafkajs';
import { encode } from '../src/codec.ts';
import { type Consumer, openBus } from '../src/index.ts';
import { eventually, type Fixture, logger, openFixture } from './fixture.ts';

// kafkajs writes and reads no zstd. Here it writes it, as other clients do, and reads it only when a test says so.
let canRead = false;
const notImplemented = CompressionCodecs[CompressionTypes.ZSTD]!;
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async ({ buffer }: { buffer: Buffer }) => zstdCompressSync(buffer),
  decompress: async (bytes: Buffer) => (canRead ? zstdDecompressSync(bytes) : notImplemented()),
});

let fixture: Fixture;
let admin: Admin;
let producer: Producer;
beforeAll(async () => {
  fixture = await openFixture();
  const kafka = new Kafka({ brokers: (await infrastructure()).kafkaBrokers, logLevel: logLevel.NOTHING });
  admin = kafka.admin();
  producer = kafka.producer();
  await Promise.all([admin.connect(), producer.connect()]);
});
afterAll(async () => {
  await Promise.all([admin.disconnect(), producer.disconnect()]);
  await fixture.close();
});

let topics = 0;
const spec = () => ({ name: `packed-${++topics}`, partitions: 1, retentionMs: 3_600_000, cleanup: 'delete' as const });
/** A topic as others make it, which keeps what it gets as it comes. */
const makeTopic = (name: string): Promise<boolean> =>
  admin.createTopics({ topics: [{ topic: fixture.prefix + name, configEntries: [{ name: 'retention.ms', value: '7200000' }] }] });

const sendPacked = (topic: string, id: string): Promise<unknown> => {
  const message = encode({ topic, key: 'k', id, payload: common.CommandFailed.fromPartial({ reason: 'r' }) }, 'test');
  const { key, value, headers } = message;
  return producer.send({
    topic: fixture.prefix + topic,
    compression: CompressionTypes.ZSTD,
    messages: [{ key, value, headers: headers as Record<string, string> }],
  });
};

const consume = async (topic: string): Promise<{ consumer: Consumer; seen: Set<string>; restarts: () => number }> => {
  let restarts = 0;
  const noting = { ...logger, warn: (line: { failures?: number }) => (restarts = Math.max(restarts, line.failures ?? 0)) };
  const { kafkaBrokers } = await infrastructure();
  const bus = openBus({ brokers: kafkaBrokers, clientId: 'test', topicPrefix: fixture.prefix, logger: noting as unknown as typeof logger });
  fixture.keep({ stop: () => bus.close() });
  const seen = new Set<string>();
  const handle = async (batch: { id: string }[]): Promise<void> => batch.forEach(({ id }) => seen.add(id));
  const consumer = fixture.keep(await bus.consume({ group: topic, topics: [topic], sessionTimeoutMs: 6_000, handle }));
  return { consumer, seen, restarts: () => restarts };
};

const settings = async (topic: string): Promise<Record<string, string>> => {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: fixture.prefix + topic }],
  });
  return Object.fromEntries(resources[0]!.configEntries.map(({ configName, configValue }) => [configName, configValue]));
};

it('reads what was sent compressed, for the broker has unpacked it', async () => {
  const topic = spec();
  await fixture.bus.createTopics([topic]);
  const { seen } = await consume(topic.name);
  await sendPacked(topic.name, 'packed');
  expect(await eventually(() => seen.has('packed'))).toBe(true);
});

it('has topics that are there already unpack too, and leaves their other settings as they are', async () => {
  const topic = spec();
  await makeTopic(topic.name);
  expect(await settings(topic.name)).toMatchObject({ 'compression.type': 'producer', 'retention.ms': '7200000' });
  await fixture.bus.createTopics([topic]);
  await eventually(async () => (await settings(topic.name))['compression.type'] === 'uncompressed');
  expect(await settings(topic.name)).toMatchObject({ 'retention.ms': '7200000' });
});

it('is not healthy, and tries less and less often, while it cannot read what it fetches', async () => {
  const { name } = spec();
  await makeTopic(name);
  const { consumer, seen, restarts } = await consume(name);
  await eventually(() => consumer.healthy());
  await sendPacked(name, 'packed');
  await eventually(() => !consumer.healthy() && restarts() > 3);
  expect(seen.size).toBe(0);
  canRead = true;
  await eventually(() => seen.has('packed') && consumer.healthy());
});

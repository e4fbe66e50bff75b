import { createHook } from 'node:async_hooks';
import { common } from '@jumun/protos';
import { registry } from '@jumun/service-kit';
import { infrastructure } from '@jumun/testkit';
import { Kafka, logLevel } from 'kafkajs';
import type { InMessage, OutMessage } from '../src/index.ts';
import { eventually, type Fixture, openFixture } from './fixture.ts';
import { OFFSET_COMMIT, PRODUCE, type Traffic, watchTraffic } from './traffic.ts';

let fixture: Fixture;
let traffic: Traffic;
let brokers: string[];

/** How many times timers of this process have gone off. */
let timerCalls = 0;
const timers = new Set<number>();
const timerHook = createHook({
  init: (id, type) => void (type === 'Timeout' && timers.add(id)),
  before: (id) => void (timers.has(id) && timerCalls++),
}).enable(); // before anything is connected, to know every timer

beforeAll(async () => {
  brokers = (await infrastructure()).kafkaBrokers;
  traffic = watchTraffic(brokers.map((broker) => Number(broker.split(':')[1])));
  fixture = await openFixture();
});
afterAll(() => {
  timerHook.disable();
  return fixture.close();
});

const HOUR_MS = 3_600_000;
let counter = 0;
const messages = (topic: string, count: number): OutMessage[] =>
  Array.from({ length: count }, () => {
    const id = `id-${counter++}`;
    return { topic, key: id, id, payload: common.CommandFailed.fromPartial({ reason: 'r' }) };
  });
const freshTopic = async (partitions = 1): Promise<string> => {
  const name = `topic-${counter++}`;
  await fixture.bus.createTopics([{ name, partitions, retentionMs: HOUR_MS, cleanup: 'delete' }]);
  return name;
};
const consume = async (topic: string, handle: (batch: InMessage[]) => Promise<void>, commitIntervalMs = 200) =>
  fixture.keep(await fixture.bus.consume({ group: `g-${topic}`, topics: [topic], sessionTimeoutMs: 6_000, commitIntervalMs, handle }));

it('waits for all replicas with every send, and has no producer id: kafkajs would lose acknowledged messages with one', async () => {
  await fixture.bus.send(messages(await freshTopic(), 3));
  const produced = traffic.requests(PRODUCE);
  expect(produced.length).toBeGreaterThan(0);
  for (const { body } of produced) {
    expect([body.readInt16BE(0), body.readInt16BE(2)]).toEqual([-1, -1]); // no transaction; acks of all
    const topicBytes = body.readInt16BE(12);
    const batch = 14 + topicBytes + 12; // after the topic: how many partitions, which, how large
    expect([body.readInt8(batch + 16), body.readBigInt64BE(batch + 43)]).toEqual([2, -1n]); // the record format; producer id
  }
});

it('lets no connection wait for a full packet', async () => {
  const consumer = await consume(await freshTopic(), async () => {});
  const sockets = traffic.sockets();
  expect(sockets.length).toBeGreaterThan(2);
  for (const socket of sockets) {
    const flag = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'kSetNoDelay')!;
    expect((socket as unknown as Record<symbol, unknown>)[flag]).toBe(true);
  }
  await consumer.stop();
});

it('lets no timer spin while nothing happens', async () => {
  const topic = await freshTopic();
  const seen: string[] = [];
  await consume(topic, async (batch) => void seen.push(...batch.map(({ id }) => id)), 60_000);
  await fixture.bus.send(messages(topic, 1)); // kafkajs's timer is armed by an answer
  await eventually(() => seen.length === 1);
  const connections = traffic.sockets().filter(({ destroyed }) => !destroyed).length;
  const before = timerCalls;
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  // Each connection looks once a second whether an answer is overdue; kafkajs alone looks ten times, and its other timer goes off all the time.
  expect(timerCalls - before).toBeLessThan(5 * connections);
});

it('commits at its interval, however many batches there were', async () => {
  const topic = await freshTopic();
  let batches = 0;
  const seen = new Set<string>();
  const started = Date.now();
  await consume(
    topic,
    async (batch) => {
      batches++;
      for (const { id } of batch) seen.add(id);
    },
    500,
  );
  for (let i = 1; i <= 100; i++) {
    await fixture.bus.send(messages(topic, 1));
    await eventually(() => seen.size === i);
  }
  const commits = traffic.requests(OFFSET_COMMIT, `${fixture.prefix}g-${topic}`).length;
  expect(batches).toBeGreaterThanOrEqual(100);
  expect(commits).toBeLessThanOrEqual((Date.now() - started) / 500 + 1);
  await eventually(() => traffic.requests(OFFSET_COMMIT, `${fixture.prefix}g-${topic}`).length > 0);
});

it('tells how many messages of a partition are still to be done, also before the first is', async () => {
  const topic = await freshTopic();
  await fixture.bus.send(messages(topic, 10));
  let open: () => void = () => {};
  const gate = new Promise<void>((resolve) => (open = resolve));
  let handled = 0;
  await consume(topic, async (batch) => {
    if (handled > 0) await gate;
    handled += batch.length;
  });
  const lag = async (): Promise<number | undefined> => {
    const { values } = (await registry.getSingleMetric('jumun_consumer_lag')!.get()) as unknown as {
      values: { value: number; labels: Record<string, string> }[];
    };
    return values.find(({ labels }) => labels['topic'] === topic && labels['partition'] === '0' && labels['group'] === `g-${topic}`)?.value;
  };
  await eventually(() => handled > 0);
  await fixture.bus.send(messages(topic, 5));
  await eventually(async () => (await lag()) === 15 - handled);
  open();
  await eventually(async () => (await lag()) === 0);
  expect(handled).toBe(15);
});

it('makes topics as they are described, leaves those that are there, and none is made by being asked for', async () => {
  const topic = await freshTopic(3);
  await fixture.bus.createTopics([{ name: topic, partitions: 5, retentionMs: 1, cleanup: 'compact' }]);
  const ghost = `ghost-${topic}`;
  const waiting = await consume(ghost, async () => {});
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const name = fixture.prefix + topic;
    const { topics } = await admin.fetchTopicMetadata({ topics: [name] });
    expect(topics[0]?.partitions).toHaveLength(3);
    const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type: 2, name }] });
    const configs = Object.fromEntries(resources[0]!.configEntries.map((entry) => [entry.configName, entry.configValue]));
    expect(configs).toMatchObject({ 'retention.ms': String(HOUR_MS), 'cleanup.policy': 'delete', 'min.insync.replicas': '1' });
    expect(await admin.listTopics()).not.toContain(fixture.prefix + ghost);
  } finally {
    await admin.disconnect();
    await waiting.stop();
  }
});

import { arm } from '../../testing/fault-points.ts';
import { COMMANDS, eventually, openTestBus, reserveCommand, type TestBus } from '../../testing/fixture.ts';
import { deadLetterTopic } from '@jumun/protos';
import { registry, TransientError } from '@jumun/service-kit';
import kafkajs from 'kafkajs';
import type { InMessage } from './types.ts';

let test1: TestBus;
beforeEach(async () => {
  test1 = await openTestBus();
});
afterEach(() => test1.close());

const rawProducer = async (): Promise<kafkajs.Producer> => {
  const kafka = new kafkajs.Kafka({ brokers: test1.brokers, logLevel: kafkajs.logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  return producer;
};
const committedOf = async (group: string): Promise<number> => {
  const admin = new kafkajs.Kafka({ brokers: test1.brokers, logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  const [topic] = await admin.fetchOffsets({ groupId: test1.prefix + group, topics: [test1.prefix + COMMANDS] });
  await admin.disconnect();
  return topic!.partitions.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
};
const send = (...names: string[]): Promise<void> => test1.bus.send(names.map((name) => reserveCommand(name, 's')));

test('what is sent arrives whole, also what was sent before the group existed', async () => {
  const time = new Date('2026-11-27T00:00:00.123Z');
  const sent = reserveCommand('o', 's', { time, undoes: 'x/y/1', replyPartition: 2, commandId: 'c/d/1', traceparent: 'tp' });
  await test1.bus.send([sent]);
  const arrived = await test1.collect(COMMANDS);
  await eventually(() => arrived.length === 1, { withinMs: 15_000 });
  const { topic, key, id, payload, undoes, replyPartition, commandId, traceparent } = sent;
  expect(arrived[0]).toMatchObject({ topic, key, id, payload, undoes, replyPartition, commandId, traceparent, time });
  expect(arrived[0]!.fingerprint).toMatch(/^[0-9a-f]{64}$/);
});

test('a hint that the topic has is taken; else the key decides, as it does for Java clients', async () => {
  const arrived = await test1.collect(COMMANDS);
  const raw = await rawProducer();
  await raw.send({ topic: test1.prefix + COMMANDS, messages: [{ key: 'k', value: 'x' }] });
  await raw.disconnect();
  const letters = await test1.collectRaw(deadLetterTopic(COMMANDS));
  const hints = [0, 1, 2, 99, undefined];
  await test1.bus.send(hints.map((partitionHint, n) => reserveCommand(`o${n}`, 's', { key: 'k', partitionHint })));
  await eventually(() => arrived.length === 5 && letters.length === 1, { withinMs: 15_000 });
  const byKey = Number(letters[0]!.headers?.['jumun_dlq_partition']?.toString());
  const partitionOf = (n: number): number => arrived.find(({ id }) => id === `o${n}/reserve/1`)!.partition;
  expect(hints.map((_, n) => partitionOf(n))).toEqual([0, 1, 2, byKey, byKey]);
});

test('a lost acknowledgement sends again: twice there rather than not at all', async () => {
  const arrived = await test1.collect(COMMANDS);
  await arm('producer:sent-not-acked', 'throw');
  await send('o');
  await eventually(() => arrived.length === 2, { withinMs: 15_000 });
  expect(arrived.map(({ key }) => key)).toEqual(['o', 'o']);
});

test('a topic that does not exist is an error, not silence', async () => {
  await expect(test1.bus.send([reserveCommand('o', 's', { topic: 'nowhere' })])).rejects.toThrow(/topic/i);
}, 60_000);

test('concurrent sends all arrive', async () => {
  const arrived = await test1.collect(COMMANDS);
  await Promise.all(Array.from({ length: 50 }, (_, n) => send(`o${n}`)));
  await eventually(() => arrived.length >= 50, { withinMs: 15_000 });
  expect(new Set(arrived.map(({ key }) => key)).size).toBe(50);
});

test.each<[string, kafkajs.Message, RegExp]>([
  ['bad bytes', { value: Buffer.from([0xff, 0xff, 0xff]) }, /the value is no/],
  ['an unknown type', { value: 'x', headers: { ce_type: 'no.Such' } }, /unknown/],
  ['missing headers', { value: 'x', headers: { ce_id: '' } }, /ce_id is missing/],
  ['no value', { value: null }, /no value/],
  ['no key', { key: null, value: 'x' }, /no key/],
  ['huge', { value: Buffer.alloc(300 * 1024) }, /too many/],
])('%s: a dead letter with origin and reason, and the partition moves on', async (_, poison, reason) => {
  const group = 'readers';
  const arrived: InMessage[] = [];
  const letters = await test1.collectRaw(deadLetterTopic(COMMANDS));
  await test1.bus.consume({ group, topics: [COMMANDS], handle: (batch) => Promise.resolve(void arrived.push(...batch)) });
  const headers = {
    ce_id: 'i',
    ce_type: 'jumun.inventory.v1.ReserveStock',
    ce_source: 's',
    ce_specversion: '1.0',
    ce_time: '2026-01-01T00:00:00Z',
  };
  const raw = await rawProducer();
  const message = { key: 'k', partition: 1, ...poison, headers: { ...headers, ...poison.headers } };
  await raw.send({ topic: test1.prefix + COMMANDS, messages: [message] });
  await raw.disconnect();
  await test1.bus.send([reserveCommand('next', 's', { partitionHint: 1 })]);
  await eventually(() => letters.length === 1 && arrived.length === 1, { withinMs: 15_000 });
  const told = Object.fromEntries(Object.entries(letters[0]!.headers!).map(([name, value]) => [name, String(value)]));
  expect(told).toMatchObject({
    ce_type: message.headers.ce_type,
    jumun_dlq_topic: COMMANDS,
    jumun_dlq_partition: '1',
    jumun_dlq_offset: '0',
    jumun_dlq_group: group,
    jumun_dlq_attempts: '1',
  });
  expect(told['jumun_dlq_error']).toMatch(reason);
  expect(letters[0]!.value?.length).toBe(poison.value === null ? undefined : Buffer.from(poison.value).length);
});

test('a message that handle cannot take is found by halving; its letter stays readable, all others are done in order', async () => {
  const done: string[] = [];
  const letters = await test1.collectRaw(deadLetterTopic(COMMANDS));
  await test1.bus.send(Array.from({ length: 9 }, (_, n) => reserveCommand(`o${n}`, 's', { partitionHint: 0 })));
  const handle = (batch: readonly InMessage[]): Promise<void> => {
    if (batch.some(({ id }) => id.startsWith('o4'))) return Promise.reject(new Error('cannot'));
    done.push(...batch.map(({ key }) => key));
    return Promise.resolve();
  };
  await test1.bus.consume({ group: 'g', topics: [COMMANDS], handle });
  await eventually(() => done.length === 8 && letters.length === 1, { withinMs: 15_000 });
  expect(done).toEqual(['o0', 'o1', 'o2', 'o3', 'o5', 'o6', 'o7', 'o8']);
});

test('a transient error is tried again for as long as it lasts, longer than a session, and is never a dead letter', async () => {
  const letters = await test1.collectRaw(deadLetterTopic(COMMANDS));
  const failUntil = Date.now() + 10_000;
  const done: string[] = [];
  const handle = (batch: readonly InMessage[]): Promise<void> => {
    if (Date.now() < failUntil) return Promise.reject(new TransientError('away'));
    done.push(...batch.map(({ key }) => key));
    return Promise.resolve();
  };
  const consumer = await test1.bus.consume({ group: 'g', topics: [COMMANDS], batchSizeMax: 2, handle });
  await send(...Array.from({ length: 30 }, (_, n) => `o${n}`));
  await eventually(() => done.length >= 30, { withinMs: 25_000 });
  expect(done).toHaveLength(30); // twice would mean that the group was lost meanwhile
  expect(consumer.healthy()).toBe(true);
  expect(letters).toEqual([]);
}, 40_000);

test('offsets are committed later and at stop; a failure before the commit repeats messages and loses none', async () => {
  const arrived: string[] = [];
  const handle = (batch: readonly InMessage[]): Promise<void> => Promise.resolve(void arrived.push(...batch.map(({ key }) => key)));
  const first = await test1.bus.consume({ group: 'g', topics: [COMMANDS], handle });
  await send('a', 'b', 'c');
  await eventually(() => arrived.length === 3, { withinMs: 15_000 });
  expect(await committedOf('g')).toBe(0);
  await eventually(async () => (await committedOf('g')) === 3, { withinMs: 5_000 });
  await send('d');
  await eventually(() => arrived.length === 4);
  await first.stop();
  expect(await committedOf('g')).toBe(4);
  expect(await registry.metrics()).toMatch(/jumun_consumer_lag\{group="g",topic="shelf.commands",partition="\d"\} 0/);

  const second = await test1.bus.consume({ group: 'g', topics: [COMMANDS], handle });
  await send('e');
  await eventually(() => arrived.length === 5, { withinMs: 15_000 });
  await arm('consumer:marked-not-committed', 'throw');
  await second.stop();
  await test1.bus.consume({ group: 'g', topics: [COMMANDS], handle });
  await eventually(() => arrived.length === 6, { withinMs: 15_000 });
  expect(arrived.slice(4)).toEqual(['e', 'e']);
});

test('a second member takes its share, and nothing is lost or out of order meanwhile; nothing is delivered after stop', async () => {
  const seen: InMessage[] = [];
  const late: string[] = [];
  let isStopped = false;
  const first = await test1.bus.consume({
    group: 'g',
    topics: [COMMANDS],
    handle: async (batch) => {
      if (isStopped) late.push(...batch.map(({ key }) => key));
      seen.push(...batch);
    },
  });
  await eventually(() => first.ownedPartitions(COMMANDS).length === 3, { withinMs: 15_000 });
  for (let n = 0; n < 100; n++) await send(`a${n}`);
  const second = await test1.bus.consume({ group: 'g', topics: [COMMANDS], handle: async (batch) => void seen.push(...batch) });
  for (let n = 0; n < 100; n++) await send(`b${n}`);
  await eventually(() => second.ownedPartitions(COMMANDS).length >= 1 && first.ownedPartitions(COMMANDS).length >= 1, { withinMs: 20_000 });
  expect(first.ownedPartitions(COMMANDS).length + second.ownedPartitions(COMMANDS).length).toBe(3);
  await first.stop();
  isStopped = true;
  for (let n = 0; n < 100; n++) await send(`c${n}`);
  await eventually(() => new Set(seen.map(({ key }) => key)).size === 300, { withinMs: 25_000 });
  expect(late).toEqual([]);
  // In order within each partition, apart from what came again.
  for (const partition of [0, 1, 2]) {
    const firsts = [...new Set(seen.filter((message) => message.partition === partition).map(({ offset }) => Number(offset)))];
    expect(firsts).toEqual(firsts.toSorted((a, b) => a - b));
  }
}, 60_000);

test('all partitions are merged into one batch, no larger than allowed', async () => {
  const sizes: number[] = [];
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const partitions = new Set<number>();
  await test1.bus.consume({
    group: 'g',
    topics: [COMMANDS],
    batchSizeMax: 40,
    handle: async (batch) => {
      sizes.push(batch.length);
      if (sizes.length === 1) await gate;
      else for (const { partition } of batch) partitions.add(partition);
    },
  });
  await send('first');
  await eventually(() => sizes.length === 1, { withinMs: 15_000 });
  await send(...Array.from({ length: 60 }, (_, n) => `o${n}`));
  await new Promise((resolve) => setTimeout(resolve, 300));
  release();
  await eventually(() => sizes.reduce((sum, size) => sum + size, 0) === 61);
  expect(Math.max(...sizes)).toBe(40);
  expect(partitions.size).toBe(3);
});

test('a lone message is there at once, and waiting for one costs next to nothing', async () => {
  let arrivedAt = 0;
  await test1.bus.consume({ group: 'g', topics: [COMMANDS], handle: async () => void (arrivedAt = performance.now()) });
  await send('warm');
  await eventually(() => arrivedAt > 0, { withinMs: 15_000 });
  const took: number[] = [];
  for (let n = 0; n < 7; n++) {
    await new Promise((resolve) => setTimeout(resolve, 120));
    arrivedAt = 0;
    const sentAt = performance.now();
    await send(`o${n}`);
    await eventually(() => arrivedAt > 0);
    took.push(arrivedAt - sentAt);
  }
  expect(took.toSorted((a, b) => a - b)[3]).toBeLessThan(40);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const before = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const { user, system } = process.cpuUsage(before);
  console.info(`lone message: ${took.map((ms) => ms.toFixed(1)).join(' ')} ms; idle: ${((user + system) / 30_000).toFixed(2)} % of a core`);
  expect((user + system) / 3_000_000).toBeLessThan(0.05);
});

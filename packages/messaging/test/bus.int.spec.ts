import { arm, wasHit } from './fault-points.ts';
import { common } from '@jumun/protos';
import { TransientError } from '@jumun/service-kit';
import { infrastructure } from '@jumun/testkit';
import type { Bus, InMessage, OutMessage } from '../src/index.ts';
import { EVENTS, eventually, type Fixture, openFixture } from './fixture.ts';
import { JOIN_GROUP, type Traffic, watchTraffic } from './traffic.ts';

let fixture: Fixture;
let traffic: Traffic;
beforeAll(async () => {
  const { kafkaBrokers } = await infrastructure();
  traffic = watchTraffic(kafkaBrokers.map((broker) => Number(broker.split(':')[1])));
  fixture = await openFixture();
});
afterAll(() => fixture.close());

let counter = 0;
const message = (more: Partial<OutMessage> = {}): OutMessage => ({
  topic: EVENTS,
  key: `key-${counter}`,
  id: `id-${counter++}`,
  payload: common.CommandFailed.fromPartial({ reason: 'r' }),
  ...more,
});
const messages = (count: number, more: Partial<OutMessage> = {}): OutMessage[] => Array.from({ length: count }, () => message(more));
const idsOf = (list: readonly { id: string }[]): Set<string> => new Set(list.map(({ id }) => id));

let topics = 0;
const freshTopic = async (partitions = 2): Promise<string> => {
  const name = `topic-${++topics}`;
  const spec = { partitions, retentionMs: 3_600_000, cleanup: 'delete' as const };
  await fixture.bus.createTopics([
    { name, ...spec },
    { name: `${name}.dlq`, ...spec },
  ]);
  return name;
};

const consume = async (
  topic: string,
  handle: (batch: InMessage[]) => Promise<void>,
  { bus = fixture.bus, ...more }: { bus?: Bus; batchSizeMax?: number; commitIntervalMs?: number } = {},
) =>
  fixture.keep(
    await bus.consume({ group: `g-${topic}`, topics: [topic], sessionTimeoutMs: 6_000, commitIntervalMs: 100, handle, ...more }),
  );

describe('sending', () => {
  it('writes to the partition that is named, or hinted at and there; else to the key’s', async () => {
    const topic = await freshTopic(3);
    const { messages: seen } = await fixture.collect(topic);
    const sent = [
      message({ topic, partition: 2 }),
      message({ topic, partitionHint: 1 }),
      message({ topic, partitionHint: 99, key: 'same' }),
      message({ topic, key: 'same' }),
    ];
    await fixture.bus.send(sent);
    const placeOf = (nth: number): Promise<number> =>
      eventually(() => seen.find(({ id }) => id === sent[nth]!.id)!).then((each) => each.partition);
    expect([await placeOf(0), await placeOf(1)]).toEqual([2, 1]);
    expect(await placeOf(2)).toBe(await placeOf(3));
  });

  it('fails for a partition that is not there, instead of losing the message beside good ones', async () => {
    await expect(fixture.bus.send([message(), message({ partition: 77 })])).rejects.toThrow('has no partition 77');
  });

  it('sends again what was not acknowledged', async () => {
    const topic = await freshTopic();
    const { messages: seen } = await fixture.collect(topic);
    await arm('producer:sent-not-acked');
    const sent = messages(3, { topic });
    await fixture.bus.send(sent);
    await eventually(() => seen.length >= 6);
    expect(wasHit('producer:sent-not-acked')).toBe(true);
    expect(idsOf(seen)).toEqual(idsOf(sent));
  });

  it('takes concurrent sends, and loses none', async () => {
    const topic = await freshTopic(4);
    const { messages: seen } = await fixture.collect(topic);
    const batches = Array.from({ length: 40 }, () => messages(25, { topic }));
    await Promise.all(batches.map((batch) => fixture.bus.send(batch)));
    await eventually(() => idsOf(seen).size >= 1_000); // a send that was cut may write a message twice
    expect(idsOf(seen)).toEqual(idsOf(batches.flat()));
  });
});

describe('consuming', () => {
  it('gets what was sent before its group existed, and keeps the order of a key', async () => {
    const topic = await freshTopic();
    const sent = Array.from({ length: 200 }, (_, i) => message({ topic, key: `k${i % 5}` }));
    await fixture.bus.send(sent);
    const { messages: seen } = await fixture.collect(topic);
    await eventually(() => idsOf(seen).size === 200);
    const firsts = [...new Map(seen.map((each) => [each.id, each])).values()];
    for (let k = 0; k < 5; k++)
      expect(firsts.filter(({ key }) => key === `k${k}`).map(({ id }) => id)).toEqual(
        sent.filter(({ key }) => key === `k${k}`).map(({ id }) => id),
      );
  });

  it('merges partitions into batches, one at a time, no larger than asked for', async () => {
    const topic = await freshTopic(4);
    await fixture.bus.send(messages(500, { topic }));
    const sizes: number[] = [];
    let [merged, working] = [false, 0];
    const seen = new Set<string>(); // a topic that is new may answer a send late, and then has messages twice
    await consume(
      topic,
      async (batch) => {
        expect(++working).toBe(1);
        merged ||= new Set(batch.map(({ partition }) => partition)).size > 1;
        sizes.push(batch.length);
        await new Promise((resolve) => setTimeout(resolve, 5));
        for (const { id } of batch) seen.add(id);
        working--;
      },
      { batchSizeMax: 64 },
    );
    await eventually(() => seen.size === 500);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(64);
    expect(merged).toBe(true);
  });

  it('goes on after a stop where it stopped, and delivers nothing afterwards', async () => {
    const topic = await freshTopic();
    const take = (into: InMessage[]) => async (batch: InMessage[]) => void into.push(...batch);
    const first: InMessage[] = [];
    const consumer = await consume(topic, take(first), { commitIntervalMs: 600_000 }); // it commits when it stops, and never before
    await fixture.bus.send(messages(50, { topic }));
    await eventually(() => idsOf(first).size === 50);
    await consumer.stop();
    const { length } = first;
    const late = messages(20, { topic });
    await fixture.bus.send(late);
    const second: InMessage[] = [];
    await consume(topic, take(second));
    await eventually(() => late.every(({ id }) => idsOf(second).has(id)));
    const placesOf = (list: InMessage[]): string[] => list.map(({ partition, offset }) => `${partition}/${offset}`);
    expect(placesOf(second).filter((place) => placesOf(first).includes(place))).toEqual([]);
    expect(first).toHaveLength(length);
  });

  it('begins no batch after it was told to stop, and leaves what is in hand to the next one', async () => {
    const topic = await freshTopic(1);
    const seen = new Set<string>();
    let batches = 0;
    const handle = async (batch: InMessage[]): Promise<void> => {
      batches++;
      await new Promise((resolve) => setTimeout(resolve, 100));
      for (const { id } of batch) seen.add(id);
    };
    const sent = messages(50, { topic });
    await fixture.bus.send(sent);
    const consumer = await consume(topic, handle, { batchSizeMax: 5 });
    await eventually(() => batches >= 2);
    const begun = batches;
    await consumer.stop();
    expect(batches).toBe(begun);
    expect(seen.size).toBeLessThan(50);
    await consume(topic, handle);
    await eventually(() => seen.size === 50);
  });

  it('shares partitions with a second member, and loses nothing while they change hands', async () => {
    const topic = await freshTopic(4);
    const seen = new Set<string>();
    const handle = async (batch: InMessage[]): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      for (const { id } of batch) seen.add(id);
    };
    const one = await consume(topic, handle, { batchSizeMax: 20 });
    const sent: OutMessage[] = [];
    const sendSome = async (): Promise<void> => {
      const some = messages(100, { topic });
      sent.push(...some);
      await fixture.bus.send(some);
    };
    await sendSome();
    const two = await consume(topic, handle, { batchSizeMax: 20, bus: await fixture.openBus() });
    for (let i = 0; i < 5; i++) await sendSome();
    const shares = (): number[] => [one, two].map((each) => each.ownedPartitions(topic).length);
    await eventually(() => shares().join() === '2,2');
    await sendSome();
    await one.stop();
    await sendSome();
    await eventually(() => shares()[1] === 4);
    await eventually(() => seen.size === sent.length);
    expect(seen).toEqual(idsOf(sent));
  });

  it('waits a transient failure out for longer than the session, with a full queue, and stays in the group', async () => {
    const topic = await freshTopic(1);
    let until: number | undefined; // counted from the first failure: nobody knows how long it takes to join
    let failures = 0;
    const seen = new Set<string>();
    const joins = () => traffic.requests(JOIN_GROUP, `${fixture.prefix}g-${topic}`).length;
    const consumer = await consume(
      topic,
      async (batch) => {
        until ??= Date.now() + 9_000;
        if (Date.now() < until) {
          failures++;
          throw new TransientError('away');
        }
        for (const { id } of batch) seen.add(id);
      },
      { batchSizeMax: 10 },
    );
    const joined = joins();
    await fixture.bus.send(messages(100, { topic }));
    await eventually(() => failures > 0);
    await fixture.bus.send(messages(50, { topic })); // for which there is no room
    await eventually(() => seen.size === 150);
    await fixture.bus.send(messages(1, { topic })); // by its arrival a member that was missed has had to join again
    await eventually(() => seen.size === 151);
    expect([joins() - joined, consumer.healthy()]).toEqual([0, true]);
  });

  it('puts aside what it cannot read and what fails for good, alone; the rest is done', async () => {
    const topic = await freshTopic(1);
    const letters = await fixture.keepRaw(`${topic}.dlq`);
    const seen: string[] = [];
    await consume(topic, async (batch) => {
      if (batch.some(({ id }) => id === 'cursed')) throw new RangeError('never');
      seen.push(...batch.map(({ id }) => id));
    });
    const good = messages(7, { topic, key: 'k' });
    await fixture.bus.send([...good.slice(0, 3), message({ topic, key: 'k', id: 'cursed' }), ...good.slice(3)]);
    await fixture.bus.sendEncoded([{ topic, key: 'k', value: Buffer.from('?'), headers: { ce_id: 'noise' } }]);
    await eventually(() => letters.length === 2);
    await eventually(() => seen.length >= 7);
    expect(new Set(seen)).toEqual(idsOf(good));
    expect(letters.map(({ headers }) => String(headers?.['dlq_error'])).sort()).toEqual(['RangeError: never', 'no header ce_specversion']);
    expect(letters.every(({ headers }) => String(headers?.['dlq_topic']) === topic && /^\d+$/.test(String(headers?.['dlq_offset'])))).toBe(
      true,
    );
  });

  it('has a lone message within milliseconds', async () => {
    const topic = await freshTopic();
    const took: number[] = [];
    let arrived: () => void = () => {};
    await consume(topic, async () => arrived());
    for (let i = 0; i < 20; i++) {
      const start = performance.now();
      const there = new Promise<void>((resolve) => (arrived = resolve));
      await fixture.bus.send([message({ topic })]);
      await there;
      took.push(performance.now() - start);
    }
    // Those that the machine delays prove nothing. Waiting for the next poll, all but the first would take a second, or most of it.
    expect(took.sort((a, b) => a - b)[5]).toBeLessThan(500);
  });
});

it('is not healthy, and no error to whoever starts it, while no broker answers', async () => {
  const { openBus } = await import('../src/index.ts');
  const { logger } = await import('./fixture.ts');
  const nowhere = openBus({ brokers: ['127.0.0.1:1'], clientId: 'x', logger });
  const consumer = await nowhere.consume({ group: 'g', topics: ['t'], handle: async () => {} });
  expect(consumer.healthy()).toBe(false);
  await consumer.stop();
});

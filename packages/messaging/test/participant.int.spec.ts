import { arm, wasHit } from './fault-points.ts';
import { common, inventory } from '@jumun/protos';
import { TransientError } from '@jumun/service-kit';
import type { KafkaMessage } from 'kafkajs';
import { type Bus, type InMessage, type OutCommand, type Participant, type Payload, runParticipant, sendCommands } from '../src/index.ts';
import { deadLetters } from '../src/metrics.ts';
import { COMMANDS, eventually, type Fixture, logger, openFixture, REPLIES } from './fixture.ts';
import { stockParticipant } from './stock-participant.ts';

let fixture: Fixture;
let replies: InMessage[];
let letters: KafkaMessage[];
let repliesPartitionCount = 0;

beforeAll(async () => {
  fixture = await openFixture();
  await fixture.db.execute("INSERT INTO stock (option_id, available) VALUES ('hot', 1000), ('rare', 3), ('bug', 9), ('poison', 9)");
  replies = (await fixture.collect(REPLIES)).messages;
  letters = await fixture.keepRaw(`${COMMANDS}.dlq`); // not by a consumer of ours, which would try to put aside what it cannot read
  repliesPartitionCount = 4;
  await run();
});
afterAll(() => fixture.close());

const run = <S, C extends Payload, R extends Payload>(
  participant: Participant<S, C, R> = stockParticipant() as unknown as Participant<S, C, R>,
  group = 'stock',
) =>
  runParticipant({
    bus: fixture.bus,
    db: fixture.db,
    logger,
    group,
    topic: COMMANDS,
    repliesTopic: REPLIES,
    participant,
    sessionTimeoutMs: 6_000,
    commitIntervalMs: 200,
  }).then(fixture.keep);

let counter = 0;
const newOrder = (): string => `order-${++counter}`;

const reserve = (orderId: string, optionId = 'hot', quantity = 1, more: Partial<OutCommand> = {}): OutCommand => ({
  topic: COMMANDS,
  key: orderId,
  id: `${orderId}/reserve/1`,
  payload: inventory.ReserveStock.fromPartial({ orderId, lines: [{ productId: 'p', optionId, quantity }] }),
  issuedAt: new Date(),
  ...more,
});
const release = (orderId: string, more: Partial<OutCommand> = {}): OutCommand => ({
  topic: COMMANDS,
  key: orderId,
  id: `${orderId}/release/1`,
  payload: inventory.ReleaseStock.fromPartial({ orderId }),
  undoes: `${orderId}/reserve/1`,
  issuedAt: new Date(),
  ...more,
});

const send = (...commands: OutCommand[]): Promise<void> => sendCommands(fixture.bus, commands);
const repliesTo = (commandId: string): InMessage[] => replies.filter(({ headers }) => headers['jumun_command_id'] === commandId);
const answer = (commandId: string, nth = 1): Promise<InMessage> => eventually(() => repliesTo(commandId)[nth - 1]!);
const letter = async (id: string): Promise<{ headers: Record<string, string> }> => {
  const { headers } = await eventually(() => letters.find((each) => String(each.headers?.['ce_id']) === id)!);
  return { headers: Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)])) };
};
const available = async (optionId: string): Promise<number> =>
  (await fixture.db.query<{ available: number }>('SELECT available FROM stock WHERE option_id = ?', [optionId]))[0]!.available;
const reservedBy = async (orderId: string): Promise<number> =>
  Number(
    (await fixture.db.query<{ q: number }>('SELECT COALESCE(SUM(quantity), 0) AS q FROM reserved WHERE order_id = ?', [orderId]))[0]!.q,
  );

describe('identity', () => {
  it('answers a command, with its trace, and where it is hinted to', async () => {
    const order = newOrder();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await send(reserve(order, 'hot', 2, { replyPartition: 3, traceparent }));
    expect(await answer(`${order}/reserve/1`)).toMatchObject({
      id: `${order}/reserve/1/reply`,
      type: 'jumun.inventory.v1.StockReserved',
      partition: 3,
      key: order,
      traceparent,
    });
    expect(await reservedBy(order)).toBe(2);
  });

  it('sends a reply whose hint names no partition to the partition of the key', async () => {
    const order = newOrder();
    await send(reserve(order, 'hot', 1, { replyPartition: 999 }));
    const { partition, key } = await answer(`${order}/reserve/1`);
    expect(partition).toBeLessThan(repliesPartitionCount);
    expect(key).toBe(order);
  });

  it('has one effect and the same answer for a command that comes again, to the hint of that delivery', async () => {
    const order = newOrder();
    const command = reserve(order, 'hot', 3, { replyPartition: 0 });
    await send(command, { ...command, replyPartition: 1 });
    await answer(`${order}/reserve/1`, 2);
    await send({ ...command, replyPartition: 2 });
    await answer(`${order}/reserve/1`, 3);
    expect(repliesTo(`${order}/reserve/1`).map(({ partition }) => partition)).toEqual(expect.arrayContaining([0, 1, 2]));
    expect(new Set(repliesTo(`${order}/reserve/1`).map(({ type }) => type))).toEqual(new Set(['jumun.inventory.v1.StockReserved']));
    expect(await reservedBy(order)).toBe(3);
  });

  it('puts aside another command under a known id, in one batch or later', async () => {
    const order = newOrder();
    await send(reserve(order, 'hot', 1), reserve(order, 'hot', 2));
    expect((await letter(`${order}/reserve/1`)).headers['dlq_error']).toContain('another command');
    expect(await reservedBy(order)).toBe(1);
    letters.length = 0;
    await send(reserve(order, 'hot', 5));
    expect((await letter(`${order}/reserve/1`)).headers).toMatchObject({ dlq_topic: COMMANDS, dlq_group: 'stock' });
    expect(await reservedBy(order)).toBe(1);
    expect(repliesTo(`${order}/reserve/1`)).toHaveLength(1);
  });

  it('never executes a command older than half of what the inbox remembers, but answers it if it ran', async () => {
    const old = new Date(Date.now() - 2 * 86_400_000);
    const [order, known] = [newOrder(), newOrder()];
    await send(reserve(known));
    await answer(`${known}/reserve/1`);
    await send(reserve(order, 'hot', 1, { issuedAt: old }), reserve(known, 'hot', 1, { issuedAt: old }));
    expect((await letter(`${order}/reserve/1`)).headers['dlq_error']).toContain('older');
    await answer(`${known}/reserve/1`, 2);
    expect(repliesTo(`${order}/reserve/1`)).toEqual([]);
    expect(await reservedBy(order)).toBe(0);
    expect(await fixture.db.query('SELECT id FROM inbox WHERE id = ?', [`${order}/reserve/1`])).toEqual([]);
  });

  it('puts aside what is no command of ours and what has an impossible id', async () => {
    const order = newOrder();
    await send(
      { ...reserve(order), id: `${order}/foreign`, payload: inventory.StockReserved.fromPartial({}) },
      { ...reserve(order), id: `${order}/${'x'.repeat(80)}` },
    );
    expect((await letter(`${order}/foreign`)).headers['dlq_error']).toContain('no command of ours');
    await letter(`${order}/${'x'.repeat(80)}`);
  });
});

describe('undo', () => {
  it('releases what its do has reserved', async () => {
    const order = newOrder();
    const before = await available('hot');
    await send(reserve(order, 'hot', 4));
    await answer(`${order}/reserve/1`);
    await send(release(order));
    expect((await answer(`${order}/release/1`)).type).toBe('jumun.inventory.v1.StockReleased');
    expect([await reservedBy(order), await available('hot')]).toEqual([0, before]);
  });

  it('that comes first turns its do away for ever', async () => {
    const order = newOrder();
    const before = await available('hot');
    await send(release(order));
    expect((await answer(`${order}/release/1`)).type).toBe('jumun.inventory.v1.StockReleased');
    await send(reserve(order));
    expect((await answer(`${order}/reserve/1`)).type).toBe(common.Undone.$type);
    await send(reserve(order), release(order));
    await answer(`${order}/reserve/1`, 2);
    expect([await reservedBy(order), await available('hot')]).toEqual([0, before]);
  });

  it('works in one batch with its do, in either order', async () => {
    const [first, second] = [newOrder(), newOrder()];
    const before = await available('hot');
    await send(reserve(first), release(first), release(second, { key: first }), reserve(second, 'hot', 1, { key: first }));
    expect((await answer(`${first}/reserve/1`)).type).toBe('jumun.inventory.v1.StockReserved');
    expect((await answer(`${second}/reserve/1`)).type).toBe(common.Undone.$type);
    await answer(`${first}/release/1`);
    await answer(`${second}/release/1`);
    expect(await available('hot')).toBe(before);
  });
});

describe('poison', () => {
  it('whose decision throws is answered with CommandFailed, keeps no half effect, and harms nobody', async () => {
    const [bad, good] = [newOrder(), newOrder()];
    const before = await available('hot');
    await send(reserve(good, 'hot', 1, { key: bad }), reserve(bad, 'bug'));
    expect(await answer(`${bad}/reserve/1`)).toMatchObject({ type: common.CommandFailed.$type, payload: { reason: 'Error: a bug' } });
    expect((await answer(`${good}/reserve/1`)).type).toBe('jumun.inventory.v1.StockReserved');
    expect(await available('hot')).toBe(before - 1);
  });

  it('that the database refuses is found in its batch: dead letter and CommandFailed, the others are carried out', async () => {
    const key = newOrder();
    const orders = Array.from({ length: 9 }, newOrder);
    await send(...orders.map((order, i) => reserve(order, i === 5 ? 'poison' : 'hot', 1, { key })));
    expect((await answer(`${orders[5]}/reserve/1`)).type).toBe(common.CommandFailed.$type);
    expect((await letter(`${orders[5]}/reserve/1`)).headers).toMatchObject({ dlq_topic: COMMANDS, dlq_group: 'stock' });
    for (const order of orders.filter((_, i) => i !== 5))
      expect((await answer(`${order}/reserve/1`)).type).toBe('jumun.inventory.v1.StockReserved');
    const large = newOrder();
    await send({
      ...reserve(large, 'poison'),
      payload: inventory.ReserveStock.fromPartial({
        orderId: large,
        lines: Array.from({ length: 3_000 }, () => ({ optionId: 'poison', productId: 'p'.repeat(20), quantity: 1 })),
      }),
    });
    expect((await answer(`${large}/reserve/1`)).type).toBe(common.CommandFailed.$type);
    const again = orders[5]!;
    await send(reserve(again, 'poison', 1, { key }));
    expect((await answer(`${again}/reserve/1`, 2)).type).toBe(common.CommandFailed.$type);
  });

  it.each([
    ['bad bytes', { value: Buffer.from([10, 255]) }],
    ['no headers', { headers: {} }],
    ['a huge value', { value: Buffer.alloc(300_000) }],
    [
      'a header that objects know',
      { value: Buffer.from([10, 255]), headers: JSON.parse('{ "__proto__": "x" }') as Record<string, string> },
    ],
  ])('of %s is put aside, and the partition moves on', async (_, change) => {
    const order = newOrder();
    const headers = {
      ce_specversion: '1.0',
      ce_id: order,
      ce_type: 'jumun.inventory.v1.ReserveStock',
      ce_source: 's',
      ce_time: new Date().toISOString(),
    };
    const before = letters.length;
    await fixture.bus.sendEncoded([{ topic: COMMANDS, key: order, value: Buffer.alloc(0), headers, ...change }]);
    await send(reserve(order));
    await answer(`${order}/reserve/1`);
    await eventually(() => letters.length > before);
    const last = letters.at(-1)!;
    expect(last.headers).toMatchObject({ dlq_topic: Buffer.from(COMMANDS), dlq_error: expect.anything(), dlq_offset: expect.anything() });
  });
});

describe('a crash', () => {
  it.each([
    'inbox:loaded-not-decided',
    'inbox:written-not-committed',
    'inbox:committed-not-answered',
    'producer:sent-not-acked',
    'inbox:answered-not-marked',
  ])('at %s has one effect and an answer', async (point) => {
    const order = newOrder();
    const before = await available('hot');
    // The first hit of the producer's point would be the sending of the command.
    await arm(point, point.startsWith('producer:') ? 'throw @2' : 'throw');
    await send(reserve(order, 'hot', 2));
    await answer(`${order}/reserve/1`);
    await eventually(() => wasHit(point));
    expect([await reservedBy(order), await available('hot')]).toEqual([2, before - 2]);
    expect(new Set(repliesTo(`${order}/reserve/1`).map(({ type }) => type))).toEqual(new Set(['jumun.inventory.v1.StockReserved']));
  });

  it.each(['inbox:loaded-not-decided', 'inbox:written-not-committed'])(
    'at %s has one effect and an answer in a careful round too',
    async (point) => {
      const order = newOrder();
      const before = await available('hot');
      await send(reserve(order, 'hot', 2));
      await answer(`${order}/reserve/1`);
      await arm(point);
      await send(release(order)); // what claims its do as well is never taken for new
      expect((await answer(`${order}/release/1`)).type).toBe('jumun.inventory.v1.StockReleased');
      expect(wasHit(point)).toBe(true);
      expect([await reservedBy(order), await available('hot')]).toEqual([0, before]);
    },
  );

  it('of the database is waited out, however long, and is no dead letter', async () => {
    const order = newOrder();
    let failures = 0;
    const slow = { ...stockParticipant() };
    const flaky = {
      ...slow,
      load: ((tx, commands, options) => {
        if (commands.some(({ orderId }) => orderId === order) && ++failures <= 5) return Promise.reject(new TransientError('gone'));
        return slow.load(tx, commands, options);
      }) as typeof slow.load,
    };
    const other = await fixture.openBus();
    await other.createTopics([{ name: 'flaky.commands', partitions: 1, retentionMs: 3_600_000, cleanup: 'delete' }]);
    fixture.keep(
      await runParticipant({
        bus: other,
        db: fixture.db,
        logger,
        group: 'flaky',
        topic: 'flaky.commands',
        repliesTopic: REPLIES,
        participant: flaky,
      }),
    );
    await send(reserve(order, 'hot', 1, { topic: 'flaky.commands' }));
    expect((await answer(`${order}/reserve/1`)).type).toBe('jumun.inventory.v1.StockReserved');
    expect(failures).toBe(6);
  });

  it('of the database has what came with the batch put aside, counted and told of once', async () => {
    const topic = 'aside.commands';
    const spec = { partitions: 1, retentionMs: 3_600_000, cleanup: 'delete' as const };
    await fixture.bus.createTopics([
      { name: topic, ...spec },
      { name: `${topic}.dlq`, ...spec },
    ]);
    const aside = await fixture.keepRaw(`${topic}.dlq`);
    const [order, known] = [newOrder(), newOrder()];
    const old = new Date(Date.now() - 2 * 86_400_000);
    await send(
      reserve(order, 'hot', 1, { topic }),
      { ...reserve(newOrder(), 'hot', 1, { topic }), id: 'foreign', payload: inventory.StockReserved.fromPartial({}) },
      reserve(known, 'hot', 1, { topic, issuedAt: old }),
    );
    let failures = 0;
    const plain = stockParticipant();
    const load: typeof plain.load = (...args) => (++failures <= 3 ? Promise.reject(new TransientError('gone')) : plain.load(...args));
    const options = { bus: fixture.bus, db: fixture.db, logger, group: 'aside', topic, repliesTopic: REPLIES };
    fixture.keep(await runParticipant({ ...options, participant: { ...plain, load } }));
    await answer(`${order}/reserve/1`);
    await eventually(() => aside.length >= 2);
    expect(aside.map(({ headers }) => String(headers?.['ce_id']))).toEqual(['foreign', `${known}/reserve/1`]);
    const { values } = await deadLetters.get();
    expect(values.find(({ labels }) => labels.group === 'aside')?.value).toBe(2);
  });
});

describe('a replies topic that refuses', () => {
  /** A participant on a topic of its own, whose replies go where none can be written to until it is told otherwise. */
  const refused = async (topic: string) => {
    const spec = { partitions: 1, retentionMs: 3_600_000, cleanup: 'delete' as const };
    await fixture.bus.createTopics([
      { name: topic, ...spec },
      { name: `${topic}.dlq`, ...spec },
    ]);
    const { bus } = fixture;
    const state = { refusing: true, sends: 0, letters: await fixture.keepRaw(`${topic}.dlq`) };
    const sendEncoded: Bus['sendEncoded'] = (messages) => {
      if (messages.length === 0 || !state.refusing) return bus.sendEncoded(messages);
      state.sends++;
      return bus.sendEncoded(messages.map((each) => (each.topic === REPLIES ? { ...each, topic: 'no/topic' } : each)));
    };
    const options = { db: fixture.db, logger, group: topic, topic, repliesTopic: REPLIES, participant: stockParticipant() };
    fixture.keep(await runParticipant({ ...options, bus: { ...bus, sendEncoded } }));
    return state;
  };

  it('is waited out: no command that was carried out is a dead letter', async () => {
    const topic = 'refused.commands';
    const state = await refused(topic);
    const orders = [newOrder(), newOrder()];
    await send(...orders.map((order) => reserve(order, 'hot', 1, { topic })));
    await eventually(() => state.sends >= 8); // taken for the fault of a command, the first would be put aside by then
    state.refusing = false;
    for (const order of orders) expect((await answer(`${order}/reserve/1`)).type).toBe('jumun.inventory.v1.StockReserved');
    expect(await Promise.all(orders.map(reservedBy))).toEqual([1, 1]);
    // Dead letters of theirs would stand before this one.
    await send({ ...reserve(newOrder(), 'hot', 1, { topic }), id: 'foreign', payload: inventory.StockReserved.fromPartial({}) });
    await eventually(() => state.letters.length > 0);
    expect(state.letters.map(({ headers }) => String(headers?.['ce_id']))).toEqual(['foreign']);
    const { values } = await deadLetters.get();
    expect(values.find(({ labels }) => labels.group === topic)?.value).toBe(1);
  });
});

describe('many at once', () => {
  it('sells three of three to ten, and answers the others', async () => {
    const orders = Array.from({ length: 10 }, newOrder);
    await send(...orders.map((order) => reserve(order, 'rare')));
    const types = await Promise.all(orders.map(async (order) => (await answer(`${order}/reserve/1`)).type.split('.').at(-1)));
    expect(types.filter((type) => type === 'StockReserved')).toHaveLength(3);
    expect(types.filter((type) => type === 'OutOfStock')).toHaveLength(7);
    expect(await available('rare')).toBe(0);
  });

  it('optimistic rounds that meet a rival are played again with locks: nothing is lost', async () => {
    const topic = 'wallet.commands';
    await fixture.bus.createTopics([{ name: topic, partitions: 2, retentionMs: 3_600_000, cleanup: 'delete' }]);
    const before = await available('hot');
    const plain = stockParticipant(true);
    let locked = 0;
    const optimistic = {
      ...plain,
      load: (async (tx, commands, options) => {
        if (options.lock) locked++;
        const state = await plain.load(tx, commands, options);
        if (!options.lock) await fixture.db.execute("UPDATE stock SET version = version + 1 WHERE option_id = 'hot'");
        return state;
      }) as typeof plain.load,
    };
    fixture.keep(
      await runParticipant({
        bus: fixture.bus,
        db: fixture.db,
        logger,
        group: 'optimistic',
        topic,
        repliesTopic: REPLIES,
        participant: optimistic,
      }),
    );
    const orders = Array.from({ length: 20 }, newOrder);
    await send(...orders.map((order) => reserve(order, 'hot', 1, { topic })));
    for (const order of orders) expect((await answer(`${order}/reserve/1`)).type).toBe('jumun.inventory.v1.StockReserved');
    expect(locked).toBeGreaterThan(0);
    expect(await available('hot')).toBe(before - 20);
  });

  it('stays exact with repeats, undos before dos, and two rivals of one group on the same rows', async () => {
    const second = await fixture.openBus();
    const rival = await runParticipant({
      bus: second,
      db: fixture.db,
      logger,
      group: 'stock',
      topic: COMMANDS,
      repliesTopic: REPLIES,
      participant: stockParticipant(),
      sessionTimeoutMs: 6_000,
    });
    const before = await available('hot');
    const orders = Array.from({ length: 300 }, newOrder);
    const released = new Set(orders.filter((_, i) => i % 3 === 0));
    const commands = orders.flatMap((order, i) => {
      const dos = [reserve(order, 'hot', 1, { key: `k${i % 17}` })];
      if (i % 4 === 0) dos.push(dos[0]!);
      const undos = released.has(order) ? [release(order, { key: `k${i % 13}` })] : [];
      return i % 2 === 0 ? [...dos, ...undos] : [...undos, ...dos];
    });
    for (let i = 0; i < commands.length; i += 40) await send(...commands.slice(i, i + 40));
    for (const order of orders) await answer(`${order}/reserve/1`);
    for (const order of released) await answer(`${order}/release/1`);
    await eventually(async () => (await available('hot')) === before - (orders.length - released.size));
    await rival.stop();
    const [{ q }] = (await fixture.db.query<{ q: number }>(
      "SELECT COALESCE(SUM(quantity), 0) AS q FROM reserved WHERE option_id = 'hot' AND order_id IN (?)",
      [orders],
    )) as [{ q: number }];
    expect(q).toBe(orders.length - released.size);
  });
});

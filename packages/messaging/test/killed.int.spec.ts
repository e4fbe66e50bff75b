import { inventory } from '@jumun/protos';
import { newId } from '@jumun/service-kit';
import { Kafka, logLevel } from 'kafkajs';
import { infrastructure } from '@jumun/testkit';
import { type InMessage, type OutCommand, sendCommands } from '../src/index.ts';
import { COMMANDS, EVENTS, eventually, type Fixture, openFixture, REPLIES } from './fixture.ts';
import { endAll, startStock } from './start-stock.ts';

// Fault points that throw, in the other specs, show that a retry heals; here the process is gone, and another one has only what was stored.

const STOCK = 1_000;
let fixture: Fixture;
let replies: InMessage[];
let events: InMessage[];
beforeAll(async () => {
  fixture = await openFixture();
  await fixture.db.execute("INSERT INTO stock (option_id, available) VALUES ('hot', ?)", [STOCK]);
  replies = (await fixture.collect(REPLIES)).messages;
  events = (await fixture.collect(EVENTS)).messages;
});
afterEach(() => endAll());
afterAll(() => fixture.close());

const reserve = (orderId: string, quantity: number): OutCommand => ({
  topic: COMMANDS,
  key: orderId,
  id: `${orderId}/reserve/1`,
  payload: inventory.ReserveStock.fromPartial({ orderId, lines: [{ productId: 'p', optionId: 'hot', quantity }] }),
  issuedAt: new Date(),
});
const repliesTo = (orderId: string): InMessage[] => replies.filter(({ headers }) => headers['jumun_command_id'] === `${orderId}/reserve/1`);
const answer = (orderId: string, nth = 1): Promise<InMessage> => eventually(() => repliesTo(orderId)[nth - 1]!);
const available = async (): Promise<number> =>
  (await fixture.db.query<{ available: number }>("SELECT available FROM stock WHERE option_id = 'hot'"))[0]!.available;

describe('a participant that is killed', () => {
  it.each([
    ['inbox:loaded-not-decided', 1],
    ['inbox:written-not-committed', 1],
    ['inbox:committed-not-answered', 1],
    ['producer:sent-not-acked', 2],
    ['inbox:answered-not-marked', 2],
    ['consumer:marked-not-committed', 2],
  ])('at %s leaves one effect; the next one answers, in all %i times', async (point, answers) => {
    const order = newId();
    const before = await available();
    const victim = await startStock(fixture, { point, act: 'kill' });
    await sendCommands(fixture.bus, [reserve(order, 2)]);
    expect(await victim.ended).toBe('SIGKILL');
    await startStock(fixture); // it gets the partitions when the broker has missed the victim for 6 s
    expect((await answer(order, answers)).type).toBe('jumun.inventory.v1.StockReserved');
    expect(await available()).toBe(before - 2);
    expect(new Set(repliesTo(order).map(({ raw }) => raw.value?.toString('hex'))).size).toBe(1);
  });
});

describe('an outbox that is killed', () => {
  it.each([
    ['outbox:committed-not-sent', 1],
    ['outbox:sent-not-marked', 2],
  ])('at %s sends its event after all, in all %i times', async (point, times) => {
    const id = newId();
    const victim = await startStock(fixture, { point, act: 'kill' });
    victim.tell(id);
    expect(await victim.ended).toBe('SIGKILL');
    await startStock(fixture);
    await eventually(() => events.filter((event) => event.id === id).length === times);
    await eventually(async () => (await fixture.db.query('SELECT id FROM outbox WHERE id = ? AND sent_at IS NULL', [id])).length === 0);
  });
});

it.each([
  ['within its transaction', 'inbox:loaded-not-decided'],
  ['after its commit', 'inbox:committed-not-answered'],
])('a process that is stopped %s is replaced, and harms nothing when it goes on', async (_, point) => {
  const order = newId();
  const before = await available();
  const zombie = await startStock(fixture, { point, act: 'stall 20000' });
  await sendCommands(fixture.bus, [reserve(order, 2)]);
  await eventually(() => zombie.wasHit());
  zombie.signal('SIGSTOP'); // within its transaction it holds the rows of the order and of the stock

  await startStock(fixture);
  await answer(order); // the server ends the transaction of a client that says nothing for 10 s
  const others = Array.from({ length: 20 }, () => newId());
  await sendCommands(
    fixture.bus,
    others.map((each) => reserve(each, 1)),
  );
  for (const each of others) await answer(each);
  const kafka = new Kafka({ brokers: (await infrastructure()).kafkaBrokers, logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const groupId = `${fixture.prefix}stock`;
  const committed = async (): Promise<Map<number, number>> => {
    const [topic] = await admin.fetchOffsets({ groupId, topics: [fixture.prefix + COMMANDS] });
    return new Map(topic!.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
  };
  const ends = new Map(
    (await admin.fetchTopicOffsets(fixture.prefix + COMMANDS)).map(({ partition, high }) => [partition, Number(high)] as const),
  );
  const isAllCommitted = async (): Promise<boolean> => {
    const now = await committed();
    return [...ends].every(([partition, end]) => end === 0 || now.get(partition) === end);
  };
  await eventually(isAllCommitted);

  zombie.signal('SIGCONT');
  // It finds its connection closed and its membership over, comes back as a new member, and works again.
  await eventually(async () => {
    const { groups } = await admin.describeGroups([groupId]);
    return groups[0]?.state === 'Stable' && groups[0].members.length === 2;
  });
  expect(await isAllCommitted()).toBe(true);
  await admin.disconnect();
  const late = Array.from({ length: 20 }, () => newId());
  await sendCommands(
    fixture.bus,
    late.map((each) => reserve(each, 1)),
  );
  for (const each of late) await answer(each);
  expect(await available()).toBe(before - 2 - others.length - late.length);
  expect(new Set(repliesTo(order).map(({ type }) => type))).toEqual(new Set(['jumun.inventory.v1.StockReserved']));
});

import { arm } from '../../testing/fault-points.ts';
import { eventually, logger, openTestBus, REPLIES, reserveCommand, type TestBus } from '../../testing/fixture.ts';
import { newId, registry } from '@jumun/service-kit';
import { freshDatabase, type FreshDatabase } from '@jumun/testkit';
import type { InMessage, OutMessage } from '../kafka/types.ts';
import { openOutbox, type Outbox } from './outbox.ts';
import { startPurge } from './purge.ts';
import { MARK_SENT, READ_UNSENT } from './rows.ts';

let data: FreshDatabase;
let testBus: TestBus;
let outbox: Outbox;
let arrived: InMessage[];
beforeEach(async () => {
  [data, testBus] = await Promise.all([freshDatabase(new URL('../../testing/migrations', import.meta.url).pathname), openTestBus()]);
  arrived = await testBus.collect(REPLIES);
  outbox = openOutbox({ db: data.db, bus: testBus.bus, logger, pollMs: 200 });
});
afterEach(async () => {
  await outbox.stop();
  await testBus.close();
  await data.drop();
});

const event = (): OutMessage => ({ ...reserveCommand('o', '주문', { topic: REPLIES, traceparent: 'tp' }), id: newId() });
const unsent = async (): Promise<number> => (await data.db.query('SELECT id FROM outbox WHERE sent_at IS NULL')).length;
const arrivedIds = (): string[] => arrived.map(({ id }) => id);

test('an event is sent after its commit, once, as it was given', async () => {
  outbox.start();
  const events = [event(), event()];
  await data.db.transaction(async (tx) => void outbox.add(tx, events));
  outbox.flush(events);
  await eventually(() => arrived.length === 2, { withinMs: 15_000 });
  await eventually(async () => (await unsent()) === 0);
  await new Promise((resolve) => setTimeout(resolve, 1_500)); // the poller has looked meanwhile
  expect(arrivedIds().toSorted()).toEqual(events.map(({ id }) => id).toSorted());
  const { key, payload, traceparent } = events[0]!;
  expect(arrived[0]).toMatchObject({ key, payload, traceparent });
});

test('a transaction that is rolled back leaves no event', async () => {
  const work = data.db.transaction(async (tx) => {
    await outbox.add(tx, [event()]);
    throw new Error('no');
  });
  await expect(work).rejects.toThrow('no');
  expect(await unsent()).toBe(0);
});

test.each([
  ['outbox:committed-not-sent', 1],
  ['outbox:sent-not-marked', 2],
])('after a failure at %s the poller sends it: %d time(s) in all', async (point, times) => {
  const events = [event()];
  await data.db.transaction(async (tx) => void outbox.add(tx, events));
  await arm(point, 'throw');
  outbox.flush(events);
  await outbox.stop();
  const second = openOutbox({ db: data.db, bus: testBus.bus, logger, pollMs: 200 });
  second.start();
  await eventually(() => arrived.length === times, { withinMs: 15_000 });
  await eventually(async () => (await unsent()) === 0);
  expect(arrived.map(({ payload }) => payload)).toEqual(Array.from({ length: times }, () => events[0]!.payload));
  await second.stop();
});

test('unsent is what is picked, not what is newer: a row of the past that is committed late is sent too', async () => {
  outbox.start();
  const [recent, past] = [event(), event()];
  await data.db.transaction(async (tx) => void outbox.add(tx, [recent]));
  outbox.flush([recent]);
  await eventually(() => arrivedIds().includes(recent.id), { withinMs: 15_000 });
  await data.db.transaction(async (tx) => {
    await outbox.add(tx, [past]);
    await tx.execute('UPDATE outbox SET created_at = created_at - INTERVAL 1 HOUR WHERE id = ?', [past.id]);
  });
  await eventually(() => arrivedIds().includes(past.id), { withinMs: 5_000 });
  expect(arrivedIds()).toEqual([recent.id, past.id]);
});

test('an event that cannot be sent does not hold up the others, and its age is told', async () => {
  const [bad, good] = [event(), event()];
  await data.db.transaction(async (tx) => void outbox.add(tx, [bad, good]));
  await data.db.execute("UPDATE outbox SET type = 'no.Such', created_at = created_at - INTERVAL 1 HOUR WHERE id = ?", [bad.id]);
  outbox.start();
  await eventually(() => arrivedIds().includes(good.id), { withinMs: 15_000 });
  expect(await registry.metrics()).toMatch(/jumun_outbox_age_seconds 36\d\d/);
});

test('sent rows are kept for a while and then purged, unsent ones never; answered commands too', async () => {
  await data.db.transaction(async (tx) => void outbox.add(tx, Array.from({ length: 3 }, event)));
  const ids = (await data.db.query<{ id: string }>('SELECT id FROM outbox ORDER BY id')).map(({ id }) => id);
  await data.db.execute('UPDATE outbox SET sent_at = UTC_TIMESTAMP(3) - INTERVAL 2 DAY WHERE id = ?', [ids[0]]);
  await data.db.execute('UPDATE outbox SET sent_at = UTC_TIMESTAMP(3) WHERE id = ?', [ids[1]]);
  await data.db.execute("INSERT INTO inbox (id, claim, created_at) VALUES ('old', 'c', '2020-01-01'), ('new', 'c', UTC_TIMESTAMP(3))");
  const stop = startPurge({ db: data.db, logger, inbox: true, outbox: true, also: [{ table: 'shelf', where: 'available < 0' }] });
  await eventually(async () => (await data.db.query('SELECT id FROM outbox')).length === 2);
  await eventually(async () => (await data.db.query('SELECT id FROM inbox')).length === 1);
  await stop();
  expect(await data.db.query('SELECT id FROM inbox')).toEqual([{ id: 'new' }]);
});

test('hot statements use their indexes', async () => {
  await data.db.transaction(async (tx) => void outbox.add(tx, Array.from({ length: 20 }, event)));
  const plan = (sql: string, params: readonly unknown[]) => data.db.query<{ key: string; type: string }>(`EXPLAIN ${sql}`, params);
  expect(await plan(READ_UNSENT, [1, 200])).toMatchObject([{ key: 'outbox_unsent', type: 'range' }]);
  expect(await plan(MARK_SENT, [['a', 'b']])).toMatchObject([{ key: 'PRIMARY', type: 'range' }]);
});

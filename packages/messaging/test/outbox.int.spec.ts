import { arm, wasHit } from './fault-points.ts';
import { common } from '@jumun/protos';
import { newId, TransientError } from '@jumun/service-kit';
import { outboxAge } from '../src/metrics.ts';
import { type Bus, type InMessage, openOutbox, type Outbox, type OutMessage, startPurge } from '../src/index.ts';
import { EVENTS, eventually, type Fixture, logger, openFixture } from './fixture.ts';

let fixture: Fixture;
let outbox: Outbox;
let seen: InMessage[];
beforeAll(async () => {
  fixture = await openFixture();
  seen = (await fixture.collect(EVENTS)).messages;
  outbox = openOutbox({ db: fixture.db, bus: fixture.bus, logger, pollMs: 200 });
});
afterAll(async () => {
  await outbox.stop();
  await fixture.close();
});

const event = (): OutMessage => ({ topic: EVENTS, key: '키', id: newId(), payload: common.CommandFailed.fromPartial({ reason: '주문' }) });
const timesSeen = (id: string): number => seen.filter((each) => each.id === id).length;
const isSent = async (id: string): Promise<boolean> =>
  (await fixture.db.query<{ n: number }>('SELECT COUNT(*) AS n FROM outbox WHERE id = ? AND sent_at IS NOT NULL', [id]))[0]?.n === 1;

test('what was committed is sent right after, whole', async () => {
  const one = { ...event(), traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
  await fixture.db.transaction((tx) => outbox.add(tx, [one]));
  await outbox.flush([one]);
  expect(await eventually(() => seen.find(({ id }) => id === one.id)!)).toMatchObject({
    key: '키',
    payload: one.payload,
    traceparent: one.traceparent,
  });
  expect(await isSent(one.id)).toBe(true);
});

test('a flush of nothing does not keep the next one from sending', async () => {
  const one = event();
  await outbox.flush([]);
  await fixture.db.transaction((tx) => outbox.add(tx, [one]));
  await outbox.flush([one]);
  expect(await isSent(one.id)).toBe(true);
});

test('what was rolled back is never sent', async () => {
  const one = event();
  await expect(
    fixture.db.transaction(async (tx) => {
      void outbox.add(tx, [one]);
      throw new RangeError('no');
    }),
  ).rejects.toThrow(RangeError);
  const next = event(); // of the same key, so it is heard after whatever was written before
  await fixture.db.transaction((tx) => outbox.add(tx, [next]));
  outbox.start();
  await eventually(() => timesSeen(next.id) > 0);
  expect(timesSeen(one.id)).toBe(0);
});

test('a crash before the send is healed by the poller, though younger rows were sent before', async () => {
  const [lost, younger] = [event(), event()];
  await arm('outbox:committed-not-sent');
  await fixture.db.transaction((tx) => outbox.add(tx, [lost]));
  await outbox.flush([lost]);
  expect(wasHit('outbox:committed-not-sent')).toBe(true);
  await fixture.db.transaction((tx) => outbox.add(tx, [younger]));
  await outbox.flush([younger]);
  outbox.start();
  await eventually(() => timesSeen(lost.id) === 1 && timesSeen(younger.id) === 1);
  await eventually(() => isSent(lost.id));
});

test.each([
  ['ahead', 600_000],
  ['behind', -600_000],
])('an event of a process whose clock is %s is found at once, and keeps its time', async (_, msAhead) => {
  const lost = { ...event(), time: new Date(Date.now() + msAhead) };
  await fixture.db.transaction((tx) => outbox.add(tx, [lost]));
  outbox.start();
  await eventually(() => timesSeen(lost.id) === 1);
  expect(seen.find(({ id }) => id === lost.id)?.time).toEqual(lost.time);
});

test('rows of a clock that is ahead, which cannot be sent, grow old all the same', async () => {
  await outbox.stop();
  const lost = { ...event(), topic: 'ahead.events', time: new Date(Date.now() + 600_000) };
  const sendEncoded: Bus['sendEncoded'] = () => Promise.reject(new TransientError('away'));
  const mine = openOutbox({ db: fixture.db, bus: { ...fixture.bus, sendEncoded }, logger, pollMs: 200 });
  await fixture.db.transaction((tx) => mine.add(tx, [lost]));
  outboxAge.set(0);
  mine.start();
  expect(await eventually(async () => (await outboxAge.get()).values[0]!.value > 1)).toBe(true);
  await mine.stop();
  await fixture.db.execute('DELETE FROM outbox WHERE id = ?', [lost.id]);
});

test('a crash after the send sends the same message again', async () => {
  const one = event();
  await arm('outbox:sent-not-marked');
  await fixture.db.transaction((tx) => outbox.add(tx, [one]));
  await outbox.flush([one]);
  outbox.start();
  await eventually(() => timesSeen(one.id) === 2);
  const [first, second] = seen.filter(({ id }) => id === one.id);
  expect(second?.raw.value).toEqual(first?.raw.value);
  expect(second?.time).toEqual(first?.time);
});

test('a row that cannot be sent does not hold up the others', async () => {
  const bad = { ...event(), topic: 'no/topic' };
  const good = event();
  await fixture.db.transaction((tx) => outbox.add(tx, [bad, good]));
  outbox.start();
  expect(await eventually(() => timesSeen(good.id) === 1)).toBe(true);
  await fixture.db.execute('DELETE FROM outbox WHERE id = ?', [bad.id]);
});

test('a topic that cannot be written to holds up no other, however many rows wait for it', async () => {
  await outbox.stop();
  const nowhere = 'no.such.topic';
  // As a broker that is asked for what is away, but sooner.
  const sendEncoded: Bus['sendEncoded'] = async (messages) => {
    if (messages.every(({ topic }) => topic !== nowhere)) return fixture.bus.sendEncoded(messages);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    throw new TransientError('no leader');
  };
  const mine = openOutbox({ db: fixture.db, bus: { ...fixture.bus, sendEncoded }, logger, pollMs: 200 });
  const hourAgo = new Date(Date.now() - 3_600_000);
  const stuck = Array.from({ length: 600 }, () => ({ ...event(), topic: nowhere, time: hourAgo }));
  const goods = [event(), event()] as const;
  await fixture.db.transaction((tx) => mine.add(tx, stuck));
  await fixture.db.transaction((tx) => mine.add(tx, [goods[0]]));
  mine.start();
  await eventually(() => timesSeen(goods[0].id) === 1);
  expect((await outboxAge.get()).values[0]?.value).toBeGreaterThan(3_590);
  await fixture.db.transaction((tx) => mine.add(tx, [goods[1], { ...event(), topic: nowhere }]));
  await eventually(() => timesSeen(goods[1].id) === 1);
  await mine.stop();
  await fixture.db.execute('DELETE FROM outbox WHERE topic = ?', [nowhere]);
});

test('a topic that begins to take nothing holds up no other while it is waited for, neither the poller nor what is sent after a commit', async () => {
  await outbox.stop();
  const nowhere = 'no.such.topic';
  const givenUp = Promise.withResolvers<void>();
  let tries = 0;
  const sendEncoded: Bus['sendEncoded'] = (messages) => {
    if (messages.every(({ topic }) => topic !== nowhere)) return fixture.bus.sendEncoded(messages);
    tries++;
    return givenUp.promise;
  };
  const mine = openOutbox({ db: fixture.db, bus: { ...fixture.bus, sendEncoded }, logger, pollMs: 200 });
  const [stuck, stuckToo] = [event(), event()].map((each) => ({ ...each, topic: nowhere })) as [OutMessage, OutMessage];
  const [flushed, found] = [event(), event()];
  await fixture.db.transaction((tx) => mine.add(tx, [stuck, stuckToo, flushed]));
  const both = mine.flush([stuck, flushed]);
  await eventually(() => timesSeen(flushed.id) === 1);
  await eventually(() => isSent(flushed.id));
  mine.start();
  await eventually(() => tries === 2); // the poller too waits there now, with the other one
  await fixture.db.transaction((tx) => mine.add(tx, [found]));
  await eventually(() => isSent(found.id));
  expect([await isSent(stuck.id), await isSent(stuckToo.id)]).toEqual([false, false]);
  givenUp.reject(new TransientError('no leader'));
  await both;
  await mine.stop();
  await fixture.db.execute('DELETE FROM outbox WHERE topic = ?', [nowhere]);
});

describe('while the broker does not answer', () => {
  /** An outbox without its poller, whose first send ends when it is told to; and the ids that it sends. */
  const slow = () => {
    const first = Promise.withResolvers<void>();
    const sent: string[][] = [];
    const sendEncoded: Bus['sendEncoded'] = async (messages) => {
      sent.push(messages.map(({ headers }) => String(headers['ce_id'])));
      if (sent.length === 1) await first.promise;
    };
    return { first, sent, mine: openOutbox({ db: fixture.db, bus: { ...fixture.bus, sendEncoded }, logger }) };
  };
  const events = (count: number): OutMessage[] => Array.from({ length: count }, event);

  test('no more than a few thousand events wait in memory', async () => {
    const { first, sent, mine } = slow();
    const one = event();
    const flushed = mine.flush([one]);
    await eventually(() => sent.length === 1);
    for (let i = 0; i < 20; i++) void mine.flush(events(1_000));
    first.resolve();
    await flushed;
    expect(sent.flat().length).toBe(5_001);
  });

  test('those that wait behind a send that fails are left to the poller', async () => {
    const { first, sent, mine } = slow();
    const flushed = mine.flush([event()]);
    await eventually(() => sent.length === 1);
    void mine.flush(events(1_000));
    first.reject(new TransientError('away'));
    await flushed;
    expect(sent.flat()).toHaveLength(1);
    const after = event();
    await mine.flush([after]);
    expect(sent.at(-1)).toEqual([after.id]);
  });
});

test('rows are purged when their time is over, and not before', async () => {
  const days = (n: number): string => `CURRENT_TIMESTAMP(3) - INTERVAL ${n} DAY`;
  for (const age of [0, 2, 4]) {
    await fixture.db.execute(`INSERT INTO inbox (id, claim, created_at) VALUES ('old-${age}', 'c', ${days(age)})`);
    await fixture.db.execute(
      `INSERT INTO outbox (id, topic, message_key, type, payload, created_at, sent_at) VALUES ('old-${age}', 't', 'k', 'x', '', ${days(9)}, ${days(age)})`,
    );
  }
  const stop = startPurge({ db: fixture.db, logger, inbox: true, outbox: true });
  const left = async (table: string): Promise<string[]> =>
    (await fixture.db.query<{ id: string }>(`SELECT id FROM ${table} WHERE id LIKE 'old-%' ORDER BY id`)).map(({ id }) => id);
  await eventually(async () => (await left('inbox')).length === 2 && (await left('outbox')).length === 1);
  expect([await left('inbox'), await left('outbox')]).toEqual([['old-0', 'old-2'], ['old-0']]);
  await stop();
});

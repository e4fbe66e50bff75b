import type { InMessage } from '@jumun/messaging';
import { coupon, topicNames } from '@jumun/protos';
import { newId, OverloadedError, withTrace } from '@jumun/service-kit';
import { explain, eventually, lostOnce } from '@jumun/testkit';
import { brokenBooks, claim, hear, inMinutes, newEvent, type Office, openOffice, putEvent } from '../../test/office.ts';
import { createCouponEvent } from '../create-event/create-coupon-event.ts';
import { COUNT_ISSUED, LOCK_EVENTS, READ_OWNED } from '../store/grants.ts';
import { openIssuing } from './issue.ts';

let office: Office;
const told: InMessage[] = [];
let stopWatching = (): Promise<void> => Promise.resolve();
beforeAll(async () => {
  office = await openOffice();
  const consumer = await office.bus.consume({
    group: 'watcher',
    topics: [topicNames.couponEvents],
    handle: (batch) => Promise.resolve(void told.push(...batch)),
  });
  stopWatching = () => consumer.stop();
});
afterAll(async () => {
  await stopWatching();
  await office.close();
});

const codeOf = (answer: string | { code: string }): string => (typeof answer === 'string' ? 'ISSUED' : answer.code);
const counted = (answers: readonly (string | { code: string })[]): Record<string, number> =>
  answers.map(codeOf).reduce<Record<string, number>>((counts, code) => ({ ...counts, [code]: (counts[code] ?? 0) + 1 }), {});
const couponsOf = async (eventId: string): Promise<number | undefined> =>
  (await office.db.query<{ n: number }>('SELECT COUNT(*) AS n FROM coupons WHERE event_id = ?', [eventId]))[0]?.n;

it('gives ten coupons to ten of a thousand who claim at once, and tells of each', async () => {
  const eventId = await putEvent(office, { totalQuantity: 10 });
  const users = Array.from({ length: 1_000 }, newId);
  const start = performance.now();
  const answers = await Promise.all(users.map((userId) => hear(office, claim(eventId, userId, newId()))));
  console.info(`1,000 claims at once on 10 coupons: ${(performance.now() - start).toFixed(0)} ms`);
  expect(counted(answers)).toEqual({ ISSUED: 10, COUPON_EXHAUSTED: 990 });
  expect(await couponsOf(eventId)).toBe(10);
  const winners = users.filter((_, index) => typeof answers[index] === 'string');
  expect(winners).toEqual(users.slice(0, 10)); // first come, first served
  const mine = () => told.filter(({ payload }) => (payload as unknown as { eventId: string }).eventId === eventId);
  await eventually(() => mine().length === 10);
  expect(
    mine()
      .map(({ key }) => key)
      .sort(),
  ).toEqual(winners.sort());
  for (const { payload } of mine()) expect(payload).toMatchObject({ version: 1 });
  await eventually(async () => (await office.db.query('SELECT id FROM outbox WHERE sent_at IS NULL')).length === 0);
});

it('tells nothing of a try that was rolled back, when a rival has taken its key since', async () => {
  const [eventId, later, userId] = [await putEvent(office), await putEvent(office), newId()];
  const request = claim(eventId, userId, newId());
  const db = lostOnce(office.db, () => office.issue(request));
  const issue = openIssuing({ ...office, db, limits: { batchSizeMax: 20, queueMax: 20 } });
  expect(await issue(request)).toMatchObject({ effect: { eventId }, replayed: true });
  await office.issue(claim(later, userId)); // of the same key, so it is heard after whatever was told before
  const mine = (): InMessage[] => told.filter(({ key }) => key === userId);
  await eventually(() => mine().some(({ payload }) => 'eventId' in payload && payload.eventId === later));
  expect(mine().map(({ payload }) => payload)).toMatchObject([{ eventId }, { eventId: later }]);
});

it('keeps to the quantity when several instances issue at once', async () => {
  const eventId = await putEvent(office, { totalQuantity: 25 });
  const instances = [0, 1, 2].map(() => openIssuing({ ...office, limits: { batchSizeMax: 20, queueMax: 1_000 } }));
  const answers = await Promise.all(Array.from({ length: 300 }, (_, i) => hear({ issue: instances[i % 3]! }, claim(eventId, newId()))));
  expect(counted(answers)).toEqual({ ISSUED: 25, COUPON_EXHAUSTED: 275 });
});

it('gives one coupon to a user who claims many times at once', async () => {
  const eventId = await putEvent(office);
  const userId = newId();
  const instances = [0, 1].map(() => openIssuing({ ...office, limits: { batchSizeMax: 3, queueMax: 1_000 } }));
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) => hear({ issue: instances[i % 2]! }, claim(eventId, userId, newId()))),
  );
  expect(counted(answers)).toEqual({ ISSUED: 1, COUPON_ALREADY_ISSUED: 19 });
  const couponId = answers.find((answer) => typeof answer === 'string');
  expect(answers.filter((answer) => typeof answer !== 'string')).toEqual(Array(19).fill({ code: 'COUPON_ALREADY_ISSUED', couponId }));
  expect(await couponsOf(eventId)).toBe(1);
});

it('answers the same key with the same coupon, at once, later, and after the event has closed', async () => {
  const eventId = await putEvent(office, { totalQuantity: 1 });
  const request = claim(eventId, newId(), newId());
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => office.issue(request)));
  await office.db.execute('UPDATE coupon_events SET closes_at = UTC_TIMESTAMP(3) WHERE id = ?', [eventId]);
  outcomes.push(await office.issue(request));
  expect(new Set(outcomes.map((outcome) => ('effect' in outcome ? JSON.stringify(outcome.effect) : 'refused'))).size).toBe(1);
  expect(outcomes.map((outcome) => 'replayed' in outcome && outcome.replayed)).toEqual([false, ...Array<boolean>(10).fill(true)]);
  const other = { ...request, idempotency: { ...request.idempotency!, fingerprint: '0'.repeat(64) } };
  expect(await hear(office, other)).toEqual({ code: 'IDEMPOTENCY_KEY_REUSED' });
});

it('uses up no key with a refusal', async () => {
  const eventId = await putEvent(office, { opensAt: inMinutes(1) });
  const request = claim(eventId, newId(), newId());
  expect(await hear(office, request)).toEqual({ code: 'COUPON_EVENT_NOT_OPEN' });
  await office.db.execute('UPDATE coupon_events SET opens_at = UTC_TIMESTAMP(3) WHERE id = ?', [eventId]);
  expect(codeOf(await hear(office, request))).toBe('ISSUED');
});

it('refuses what is not there, and what no id can be, without harm to its neighbours', async () => {
  const eventId = await putEvent(office);
  const ids = [newId(), '', '이벤트'.repeat(12), `${eventId}x`, eventId];
  const answers = await Promise.all(ids.map((id) => hear(office, claim(id, newId()))));
  expect(answers.map(codeOf)).toEqual([...Array<string>(4).fill('COUPON_EVENT_NOT_FOUND'), 'ISSUED']);
});

it('opens and closes by the clock of the database', async () => {
  const [early, late] = await Promise.all([
    putEvent(office, { opensAt: inMinutes(5) }),
    putEvent(office, { opensAt: inMinutes(-5), closesAt: inMinutes(-1) }),
  ]);
  for (const eventId of [early, late]) expect(await hear(office, claim(eventId, newId()))).toEqual({ code: 'COUPON_EVENT_NOT_OPEN' });
});

it('issues no coupon that has expired already, and says that the event is closed', async () => {
  const past = { opensAt: inMinutes(-120), couponValidUntil: inMinutes(-60), closesAt: inMinutes(60) };
  const outcome = await createCouponEvent(office.db, newEvent(past));
  if ('refused' in outcome) throw new Error(`refused: ${outcome.refused.kind?.$case}`);
  const { id, status } = outcome.effect;
  expect(status).toBe(coupon.CouponEventStatus.CLOSED);
  expect(await hear(office, claim(id, newId()))).toEqual({ code: 'COUPON_EVENT_NOT_OPEN' });
  expect(await office.db.query('SELECT issued FROM coupon_events WHERE id = ?', [id])).toEqual([{ issued: 0 }]);
});

it('keeps the trace of each claim, whatever batch it is in', async () => {
  const eventId = await putEvent(office);
  const traces = ['a', 'b'].map((digit) => `00-${digit.repeat(32)}-${'1'.repeat(16)}-01`);
  await Promise.all(traces.map((traceparent) => withTrace({ traceparent }, () => office.issue(claim(eventId, newId())))));
  const rows = await office.db.query<{ traceparent: string }>(
    "SELECT traceparent FROM outbox WHERE traceparent LIKE '00-aaaa%' OR traceparent LIKE '00-bbbb%'",
  );
  expect(rows.map(({ traceparent }) => traceparent.slice(0, 7)).sort()).toEqual(['00-aaaa', '00-bbbb']);
});

it('refuses at once when too many wait', async () => {
  const eventId = await putEvent(office);
  const narrow = openIssuing({ ...office, limits: { batchSizeMax: 1, queueMax: 2 } });
  const results = await Promise.allSettled(Array.from({ length: 5 }, () => narrow(claim(eventId, newId()))));
  expect(results.filter((result) => result.status === 'rejected' && result.reason instanceof OverloadedError)).toHaveLength(3);
});

it('finds rows by their keys, in the order of its parameters', async () => {
  const [ids, pairs, counts] = [[newId()], [[newId(), newId()]], [[newId(), 1]]].map((value) => JSON.stringify(value));
  expect(await explain(office, LOCK_EVENTS, [ids])).toEqual(['j ALL', 'e eq_ref PRIMARY']);
  expect(await explain(office, READ_OWNED, [pairs])).toEqual(['j ALL', 'c eq_ref coupons_one_a_user']);
  expect(await explain(office, COUNT_ISSUED, [counts])).toEqual(['j ALL', 'e eq_ref PRIMARY']);
});

it('has left books that agree', async () => {
  expect(await brokenBooks(office)).toEqual([]);
});

import { type OutCommand, runParticipant } from '@jumun/messaging';
import { coupon, topicNames } from '@jumun/protos';
import { newId } from '@jumun/service-kit';
import { type Desk, openDesk } from '@jumun/testkit/desk';
import { explain } from '@jumun/testkit';
import { holder, logger, type Office, openOffice } from '../../test/office.ts';
import { CouponBook, LOCK_COUPONS } from '../store/coupon-book.ts';
import { couponParticipant } from './participant.ts';

let office: Office;
let desk: Desk;
let stop = (): Promise<void> => Promise.resolve();
beforeAll(async () => {
  office = await openOffice();
  const consumer = await runParticipant({
    ...office,
    logger,
    group: 'coupon',
    topic: topicNames.couponCommands,
    repliesTopic: topicNames.orderReplies,
    participant: couponParticipant,
  });
  stop = () => consumer.stop();
  desk = await openDesk(office.bus, topicNames.orderReplies);
});
afterAll(async () => {
  await stop();
  await desk.close();
  await office.close();
});

interface Owned {
  readonly userId: string;
  readonly couponId: string;
}
const command = (orderId: string, step: string, payload: OutCommand['payload'], undoes?: string): OutCommand => ({
  topic: topicNames.couponCommands,
  key: orderId,
  id: `${orderId}/${step}/1`,
  payload,
  issuedAt: new Date(),
  undoes,
});
const hold = (orderId: string, { userId, couponId }: Owned): OutCommand =>
  command(orderId, 'coupon', coupon.HoldCoupon.fromPartial({ orderId, userId, couponId }));
const release = (orderId: string, { couponId }: Owned): OutCommand =>
  command(orderId, 'coupon-undo', coupon.ReleaseCoupon.fromPartial({ orderId, couponId }), `${orderId}/coupon/1`);
const use = (orderId: string, { couponId }: Owned): OutCommand =>
  command(orderId, 'use', coupon.UseCoupon.fromPartial({ orderId, couponId }));

const rowOf = async ({ couponId }: Owned): Promise<unknown> =>
  (await office.db.query('SELECT status, order_id AS orderId FROM coupons WHERE id = ?', [couponId]))[0];
const shortName = ({ $type }: { $type: string }): string => $type.slice($type.lastIndexOf('.') + 1);

it('is held, then used; redelivered commands hear the same again', async () => {
  const mine = await holder(office);
  const order = newId();
  await desk.send([hold(order, mine), hold(order, mine)]);
  expect((await desk.replies(`${order}/coupon/1`, 2)).map(shortName)).toEqual(['CouponHeld', 'CouponHeld']);
  expect(await rowOf(mine)).toEqual({ status: 'HELD', orderId: order });
  await desk.ask(use(order, mine));
  await desk.send([hold(order, mine), use(order, mine), { ...use(order, mine), id: `${order}/use/2` }]);
  expect((await desk.replies(`${order}/coupon/1`, 3)).map(shortName)[2]).toBe('CouponHeld');
  expect((await desk.replies(`${order}/use/1`, 2)).map(shortName)).toEqual(['CouponUsed', 'CouponUsed']);
  expect((await desk.replies(`${order}/use/2`)).map(shortName)).toEqual(['CouponUsed']);
  expect(await rowOf(mine)).toEqual({ status: 'USED', orderId: order });
});

it('is held by one of two orders that want it at once', async () => {
  for (let round = 0; round < 10; round++) {
    const mine = await holder(office);
    const orders = [newId(), newId()];
    await desk.send(orders.map((order) => hold(order, mine)));
    const replies = await Promise.all(orders.map(async (order) => (await desk.replies(`${order}/coupon/1`))[0]!));
    expect(replies.map(shortName).sort()).toEqual(['CouponAlreadyUsed', 'CouponHeld']);
    expect(replies.find((reply) => shortName(reply) === 'CouponAlreadyUsed')).toMatchObject({ couponStatus: 'HELD' });
  }
});

it('remembers an undo that came before its do', async () => {
  const mine = await holder(office);
  const order = newId();
  expect(shortName(await desk.ask(release(order, mine)))).toBe('CouponReleased');
  expect(shortName(await desk.ask(hold(order, mine)))).toBe('Undone');
  expect(await rowOf(mine)).toMatchObject({ status: 'AVAILABLE' });
});

it('is free for the next order as soon as it is given back, and only its holder gives it back', async () => {
  const mine = await holder(office);
  const [first, second] = [newId(), newId()];
  await desk.ask(hold(first, mine));
  await desk.ask(release(second, mine));
  expect(await rowOf(mine)).toMatchObject({ status: 'HELD', orderId: first });
  await desk.ask(release(first, mine));
  expect(shortName(await desk.ask(hold(newId(), mine)))).toBe('CouponHeld');
});

it('judges the date when it holds, and never later', async () => {
  const [held, late] = [await holder(office), await holder(office)];
  const order = newId();
  await desk.ask(hold(order, held));
  await office.db.execute('UPDATE coupons SET expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE id IN (?)', [
    [held.couponId, late.couponId],
  ]);
  expect(shortName(await desk.ask(hold(newId(), late)))).toBe('CouponExpired');
  expect(shortName(await desk.ask(use(order, held)))).toBe('CouponUsed');
});

it("knows neither somebody else's coupon nor one that is not there", async () => {
  const mine = await holder(office);
  for (const wrong of [
    { ...mine, userId: newId() },
    { ...mine, couponId: newId() },
    { ...mine, couponId: '쿠폰'.repeat(18) },
  ])
    expect(shortName(await desk.ask(hold(newId(), wrong)))).toBe('CouponNotFound');
});

it('fails a use without a hold, and only that', async () => {
  const [mine, other] = [await holder(office), await holder(office)];
  const [paid, fine] = [newId(), newId()];
  await desk.send([use(paid, mine), hold(fine, other)]);
  expect(shortName((await desk.replies(`${paid}/use/1`))[0]!)).toBe('CommandFailed');
  expect(shortName((await desk.replies(`${fine}/coupon/1`))[0]!)).toBe('CouponHeld');
});

it('finds rows by primary key, in the order of its parameter', async () => {
  const many = Array.from({ length: 1_500 }, newId); // more than the table has rows
  expect(await explain(office, LOCK_COUPONS, [[newId(), newId()]])).toEqual(['coupons range PRIMARY']);
  expect(await explain(office, LOCK_COUPONS, [many])).toEqual(['coupons range PRIMARY']);
});

it('writes no coupon that was not there, and none for an order that has one', async () => {
  const [mine, other] = [await holder(office), await holder(office)];
  const order = newId();
  await desk.ask(hold(order, mine));
  const lost = { couponId: newId(), userId: newId() };
  const [event] = await office.db.query<{ id: string }>('SELECT event_id AS id FROM coupons WHERE id = ?', [mine.couponId]);
  const book = new CouponBook([], new Date());
  book.put({ id: lost.couponId, eventId: event!.id, userId: lost.userId, status: 'HELD', orderId: newId(), expiresAt: new Date() });
  await expect(office.db.transaction((tx) => book.save(tx))).rejects.toThrow('1 of 1 rows were not changed');
  expect(await rowOf(lost)).toBeUndefined();
  const second = office.db.transaction(async (tx) => {
    const locked = await CouponBook.lock(tx, [other.couponId]);
    locked.put({ ...locked.find(other.couponId)!, status: 'HELD', orderId: order });
    await locked.save(tx);
  });
  await expect(second).rejects.toThrow('coupons_order');
  expect(await rowOf(other)).toEqual({ status: 'AVAILABLE', orderId: null });
});

it('gives a coupon back in the batch that held it', async () => {
  const mine = await holder(office);
  const orders = Array.from({ length: 10 }, newId);
  await desk.send(orders.flatMap((order) => [hold(order, mine), release(order, mine)]));
  for (const order of orders) expect((await desk.replies(`${order}/coupon-undo/1`)).map(shortName)).toEqual(['CouponReleased']);
  expect(await rowOf(mine)).toEqual({ status: 'AVAILABLE', orderId: null });
});

import { coupon, refusalData } from '@jumun/protos';
import { newId } from '@jumun/service-kit';
import { explain } from '@jumun/testkit';
import { brokenBooks, holder, type Office, openOffice } from '../../test/office.ts';
import { seedCoupons } from '../seed.ts';
import { READ_COUPONS } from '../store/coupon-reads.ts';
import { quoteCoupons } from './quote-coupons.ts';

let office: Office;
beforeAll(async () => {
  office = await openOffice();
});
afterAll(() => office.close());

const ask = (questions: { couponId: string; userId: string }[]) =>
  quoteCoupons(office.db, coupon.QuoteCouponsRequest.fromPartial({ questions }));

it('answers each question in order, with the first reason against it', async () => {
  const [good, held, used, expired] = [await holder(office), await holder(office), await holder(office), await holder(office)];
  const past = 'UTC_TIMESTAMP(3) - INTERVAL 1 SECOND';
  await office.db.execute(`UPDATE coupons SET status = 'HELD', order_id = ?, expires_at = ${past} WHERE id = ?`, [newId(), held.couponId]);
  await office.db.execute(`UPDATE coupons SET status = 'USED', order_id = ?, expires_at = ${past} WHERE id = ?`, [newId(), used.couponId]);
  await office.db.execute(`UPDATE coupons SET expires_at = ${past} WHERE id = ?`, [expired.couponId]);
  const { quotes } = await ask([
    expired,
    used,
    good,
    { ...used, userId: newId() },
    held,
    { ...good, couponId: newId() },
    { ...good, couponId: '쿠폰' },
    good,
  ]);
  const answers = quotes.map(({ outcome }) => (outcome?.$case === 'refused' ? refusalData(outcome.refused) : outcome?.discount.value));
  expect(answers).toEqual([
    { code: 'COUPON_EXPIRED' },
    { code: 'COUPON_ALREADY_USED', couponStatus: 'USED' },
    1_000,
    { code: 'COUPON_NOT_FOUND' },
    { code: 'COUPON_ALREADY_USED', couponStatus: 'HELD' },
    { code: 'COUPON_NOT_FOUND' },
    { code: 'COUPON_NOT_FOUND' },
    1_000,
  ]);
  expect((await ask([])).quotes).toEqual([]);
});

it('finds each row by its key', async () => {
  expect(await explain(office, READ_COUPONS, [JSON.stringify([newId()])])).toEqual(['j ALL', 'c eq_ref PRIMARY', 'e eq_ref PRIMARY']);
});

it('costs some microseconds a coupon; seeded books agree', async () => {
  const users = Array.from({ length: 2_000 }, newId);
  const start = performance.now();
  const coupons = await seedCoupons(office.url, users, 2);
  console.info(`seeding 4,000 coupons: ${(performance.now() - start).toFixed(0)} ms`);
  expect(coupons).toHaveLength(4_000);
  expect(await brokenBooks(office)).toEqual([]);
  const questions = coupons.slice(0, 200);
  for (let i = 0; i < 20; i++) await ask(questions);
  const [cpu, began] = [process.cpuUsage(), performance.now()];
  for (let i = 0; i < 50; i++) await ask(questions);
  const us = ((performance.now() - began) * 1_000) / (50 * questions.length);
  const { user, system } = process.cpuUsage(cpu);
  console.info(`quote: ${us.toFixed(1)} µs a coupon (${((user + system) / (50 * questions.length)).toFixed(1)} µs of CPU here)`);
  expect((await ask(questions)).quotes.every(({ outcome }) => outcome?.$case === 'discount')).toBe(true);
});

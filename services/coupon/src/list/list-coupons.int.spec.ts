import { coupon } from '@jumun/protos';
import { newId } from '@jumun/service-kit';
import { explain } from '@jumun/testkit';
import { claim, hear, type Office, openOffice, putEvent } from '../../test/office.ts';
import { listStatement } from '../store/coupon-reads.ts';
import { listCoupons } from './list-coupons.ts';

const { CouponStatus } = coupon;
let office: Office;
const userId = newId();
/** Oldest first. */
const ids: string[] = [];
beforeAll(async () => {
  office = await openOffice();
  for (let i = 0; i < 5; i++) {
    const eventId = await putEvent(office);
    await hear(office, claim(eventId, newId()));
    ids.push((await hear(office, claim(eventId, userId))) as string);
  }
  const past = 'UTC_TIMESTAMP(3) - INTERVAL 1 SECOND';
  await office.db.execute(`UPDATE coupons SET expires_at = ${past} WHERE id = ?`, [ids[1]]);
  await office.db.execute(`UPDATE coupons SET status = 'HELD', order_id = ?, expires_at = ${past} WHERE id = ?`, [newId(), ids[2]]);
  await office.db.execute(`UPDATE coupons SET status = 'USED', order_id = ?, expires_at = ${past} WHERE id = ?`, [newId(), ids[3]]);
  // Coupons of one moment: their order is that of their ids.
  await office.db.execute('UPDATE coupons SET created_at = ? WHERE id IN (?)', [new Date('2026-01-01T00:00:00Z'), ids.slice(0, 3)]);
});
afterAll(() => office.close());

const list = async (given: Partial<coupon.ListCouponsRequest> = {}): Promise<coupon.CouponPage> => {
  const page = await listCoupons(office.db, coupon.ListCouponsRequest.fromPartial({ userId, limit: 20, ...given }));
  if ('refused' in page) throw new Error(page.refused.kind?.$case);
  return page;
};
const placesOf = ({ items }: coupon.CouponPage): number[] => items.map(({ id }) => ids.indexOf(id));

it("is a user's own coupons, newest first, with their discounts", async () => {
  const page = await list();
  expect(placesOf(page)).toEqual([4, 3, 2, 1, 0]);
  expect(page.nextCursor).toBeUndefined();
  expect(page.items[0]).toMatchObject({ status: CouponStatus.AVAILABLE, discount: { type: coupon.DiscountType.FIXED, value: 1_000 } });
  expect((await list({ userId: newId() })).items).toEqual([]);
});

it.each([
  [CouponStatus.AVAILABLE, [4, 0]],
  [CouponStatus.EXPIRED, [1]],
  [CouponStatus.HELD, [2]],
  [CouponStatus.USED, [3]],
])('filters by %s, which time may have made', async (status, places) => {
  const page = await list({ status });
  expect(placesOf(page)).toEqual(places);
  expect(page.items.every((item) => item.status === status)).toBe(true);
});

it('goes on where a page ended, also within one moment', async () => {
  const seen: number[] = [];
  let cursor = '';
  do {
    const page = await list({ limit: 2, cursor });
    seen.push(...placesOf(page));
    cursor = page.nextCursor ?? '';
  } while (cursor !== '');
  expect(seen).toEqual([4, 3, 2, 1, 0]);
});

it.each(['x', '!', Buffer.from('1 2 3').toString('base64url'), Buffer.from('soon id').toString('base64url')])(
  'refuses the cursor %s',
  async (cursor) => {
    await expect(list({ cursor })).rejects.toThrow('invalidRequest');
  },
);

it('is read off an index in its order', async () => {
  const after = { at: new Date(), id: newId() };
  for (const question of [{ after: null }, { after }, { after, status: 'AVAILABLE' as const }]) {
    const { sql, params } = listStatement({ userId, limit: 21, ...question });
    const plan = await explain(office, sql, params);
    expect(plan[0]).toMatch(/^c (ref|range) coupons_user$/);
    expect(plan[1]).toBe('e eq_ref PRIMARY');
  }
});

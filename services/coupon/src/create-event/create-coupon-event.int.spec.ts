import { coupon, refusalData } from '@jumun/protos';
import { newId } from '@jumun/service-kit';
import { inMinutes, keyed, newEvent, type Office, openOffice } from '../../test/office.ts';
import { createCouponEvent } from './create-coupon-event.ts';

let office: Office;
beforeAll(async () => {
  office = await openOffice();
});
afterAll(() => office.close());

const create = (given: Partial<coupon.CreateCouponEventRequest>) => createCouponEvent(office.db, newEvent(given));

it('makes an event of either kind of discount', async () => {
  const discount = coupon.Discount.fromPartial({
    type: coupon.DiscountType.PERCENT,
    value: 10,
    maxDiscount: 5_000,
    minOrderAmount: 20_000,
  });
  expect(await create({ discount, totalQuantity: 100 })).toMatchObject({
    effect: { name: 'Autumn', discount, totalQuantity: 100, remainingQuantity: 100, status: coupon.CouponEventStatus.OPEN },
    replayed: false,
  });
  const scheduled = await create({ opensAt: inMinutes(1) });
  expect(scheduled).toMatchObject({ effect: { discount: { maxDiscount: undefined }, status: coupon.CouponEventStatus.SCHEDULED } });
});

it('happens once a key, also when called at once', async () => {
  const request = newEvent({ idempotency: { $type: 'jumun.common.v1.IdempotencyKey', ...keyed(newId()) } });
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => createCouponEvent(office.db, request)));
  expect(new Set(outcomes.map((outcome) => ('effect' in outcome ? JSON.stringify(outcome.effect) : 'refused'))).size).toBe(1);
  expect(outcomes.filter((outcome) => 'replayed' in outcome && !outcome.replayed)).toHaveLength(1);
  const reused = { ...request, idempotency: { ...request.idempotency!, fingerprint: '0'.repeat(64) } };
  expect(await createCouponEvent(office.db, reused)).toMatchObject({ refused: { kind: { $case: 'idempotencyKeyReused' } } });
});

it('names what contradicts itself', async () => {
  const outcome = await create({ opensAt: inMinutes(5), closesAt: inMinutes(5), couponValidUntil: inMinutes(5), totalQuantity: 0 });
  expect('refused' in outcome && refusalData(outcome.refused)).toMatchObject({
    code: 'INVALID_REQUEST',
    errors: [{ path: '/totalQuantity' }, { path: '/closesAt' }, { path: '/couponValidUntil' }],
  });
});

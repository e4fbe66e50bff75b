import { coupon } from '@jumun/protos';
import type { Coupon } from '../coupon.ts';
import { CouponBook } from '../store/coupon-book.ts';
import { decideHold, decideRelease, decideUse } from './hold.ts';

const NOW = new Date('2026-10-01T00:00:00Z');
const SOON = new Date(NOW.getTime() + 1);
const book = (given: Partial<Coupon> = {}) =>
  new CouponBook([{ id: 'c', eventId: 'e', userId: 'u', status: 'AVAILABLE', orderId: null, expiresAt: SOON, ...given }], NOW);
const hold = (orderId: string, userId = 'u', couponId = 'c') => coupon.HoldCoupon.fromPartial({ orderId, userId, couponId });
const release = (orderId: string) => coupon.ReleaseCoupon.fromPartial({ orderId, couponId: 'c' });
const use = (orderId: string) => coupon.UseCoupon.fromPartial({ orderId, couponId: 'c' });
const held = { status: 'HELD', orderId: '1' } as const;
const used = { status: 'USED', orderId: '1' } as const;

it('keeps an available coupon for its owner', () => {
  const one = book();
  expect(decideHold(one, hold('1'))).toEqual({ $type: 'jumun.coupon.v1.CouponHeld' });
  expect(one.find('c')).toMatchObject(held);
  expect(decideHold(one, hold('1'))).toEqual({ $type: 'jumun.coupon.v1.CouponHeld' });
  expect(decideHold(one, hold('2'))).toEqual({ $type: 'jumun.refusals.v1.CouponAlreadyUsed', couponStatus: 'HELD' });
});

it('says what applies first: not found, used, expired', () => {
  expect(decideHold(book({ ...used, expiresAt: NOW }), hold('2', 'somebody else'))).toEqual({ $type: 'jumun.refusals.v1.CouponNotFound' });
  expect(decideHold(book(), hold('2', 'u', 'no coupon'))).toEqual({ $type: 'jumun.refusals.v1.CouponNotFound' });
  expect(decideHold(book({ ...used, expiresAt: NOW }), hold('2'))).toEqual({
    $type: 'jumun.refusals.v1.CouponAlreadyUsed',
    couponStatus: 'USED',
  });
  expect(decideHold(book({ expiresAt: NOW }), hold('2'))).toEqual({ $type: 'jumun.refusals.v1.CouponExpired' });
});

it('is given back by the order that holds it, and by no other', () => {
  const one = book(held);
  expect(decideRelease(one, release('2'))).toEqual({ $type: 'jumun.coupon.v1.CouponReleased' });
  expect(one.find('c')).toMatchObject(held);
  decideRelease(one, release('1'));
  expect(one.find('c')).toMatchObject({ status: 'AVAILABLE', orderId: null });
  expect(decideRelease(one, release('1'))).toEqual({ $type: 'jumun.coupon.v1.CouponReleased' });
  expect(() => decideRelease(book(used), release('1'))).toThrow('has used coupon');
});

it('is used once by the order that holds it, past its date too', () => {
  const one = book({ ...held, expiresAt: NOW });
  for (let i = 0; i < 2; i++) expect(decideUse(one, use('1'))).toEqual({ $type: 'jumun.coupon.v1.CouponUsed' });
  expect(one.find('c')).toMatchObject(used);
  expect(() => decideUse(one, use('2'))).toThrow('does not hold');
  expect(() => decideUse(book(), use('1'))).toThrow('does not hold');
});

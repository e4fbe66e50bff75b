import { isOpen, statusOf } from './coupon-event.ts';

const at = (second: number): Date => new Date(second * 1_000);
const event = (issued = 0, couponValidUntil = at(30)) => ({
  id: 'e',
  totalQuantity: 2,
  issued,
  opensAt: at(10),
  closesAt: at(20),
  couponValidUntil,
});

it('is open from opensAt on and before closesAt', () => {
  expect([9, 10, 19, 20].map((second) => isOpen(event(), at(second)))).toEqual([false, true, true, false]);
});

it('shows its status by the clock and by what is left', () => {
  expect([9, 10, 20].map((second) => statusOf(event(1), at(second)))).toEqual(['SCHEDULED', 'OPEN', 'CLOSED']);
  expect([9, 10, 20].map((second) => statusOf(event(2), at(second)))).toEqual(['SCHEDULED', 'EXHAUSTED', 'CLOSED']);
});

it('is closed from when its coupons have expired, though closesAt is later', () => {
  const brief = (issued: number) => event(issued, at(15));
  expect([9, 10, 15, 20].map((second) => isOpen(brief(1), at(second)))).toEqual([false, true, false, false]);
  expect([9, 10, 15, 20].map((second) => statusOf(brief(1), at(second)))).toEqual(['SCHEDULED', 'OPEN', 'CLOSED', 'CLOSED']);
  expect([9, 10, 15, 20].map((second) => statusOf(brief(2), at(second)))).toEqual(['SCHEDULED', 'EXHAUSTED', 'CLOSED', 'CLOSED']);
});

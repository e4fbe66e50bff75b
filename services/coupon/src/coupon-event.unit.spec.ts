import { isOpen, statusOf } from './coupon-event.ts';

const at = (second: number): Date => new Date(second * 1_000);
const event = (issued = 0) => ({ id: 'e', totalQuantity: 2, issued, opensAt: at(10), closesAt: at(20) });

it('is open from opensAt on and before closesAt', () => {
  expect([9, 10, 19, 20].map((second) => isOpen(event(), at(second)))).toEqual([false, true, true, false]);
});

it('shows its status by the clock and by what is left', () => {
  expect([9, 10, 20].map((second) => statusOf(event(1), at(second)))).toEqual(['SCHEDULED', 'OPEN', 'CLOSED']);
  expect([9, 10, 20].map((second) => statusOf(event(2), at(second)))).toEqual(['SCHEDULED', 'EXHAUSTED', 'CLOSED']);
});

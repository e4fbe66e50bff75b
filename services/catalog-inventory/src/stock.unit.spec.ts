import { addUp, adjust, commit, onHand, ON_HAND_MAX, release, reserve, shortages, type Stock } from './stock.ts';

const stock = (available: number, reserved = 0): Stock => ({ optionId: 'o', productId: 'p', available, reserved, sold: 0, version: 7 });
const line = (optionId: string, quantity: number) => ({ productId: 'p', optionId, quantity });

it('moves units between available, reserved and sold, and counts versions', () => {
  const reserved = reserve(stock(10), 3);
  expect(reserved).toMatchObject({ available: 7, reserved: 3, sold: 0, version: 8 });
  expect(release(reserved, 3)).toMatchObject({ available: 10, reserved: 0, sold: 0, version: 9 });
  expect(commit(reserved, 3)).toMatchObject({ available: 7, reserved: 0, sold: 3, version: 9 });
});

it('adds lines of one option up, in the order of their first', () => {
  expect(addUp([line('b', 1), line('a', 2), line('b', 4)])).toEqual([line('b', 5), line('a', 2)]);
});

it('names every shortage, with what is there', () => {
  const available = new Map([
    ['a', 2],
    ['b', 5],
  ]);
  expect(shortages([line('a', 3), line('b', 5), line('c', 1)], (id) => available.get(id))).toMatchObject([
    { optionId: 'a', requested: 3, available: 2 },
    { optionId: 'c', requested: 1, available: 0 },
  ]);
});

it('adjusts down to what is reserved and up to the limit, not beyond', () => {
  expect(adjust(stock(4, 6), -4)).toMatchObject({ available: 0, reserved: 6, version: 8 });
  expect(adjust(stock(4, 6), -5)).toBe('below reserved');
  const full = adjust(stock(4, 6), ON_HAND_MAX - 10) as Stock;
  expect(onHand(full)).toBe(ON_HAND_MAX);
  expect(adjust(full, 1)).toBe('too much');
});

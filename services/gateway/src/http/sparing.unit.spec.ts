import { sparing } from './sparing.ts';

it('lets so many lines a second through, and tells with the next one how many it has left out', () => {
  let now = 0;
  const leftOut = sparing(2, () => now);
  expect([leftOut(), leftOut(), leftOut(), leftOut()]).toEqual([0, 0, undefined, undefined]);
  now = 999;
  expect(leftOut()).toBeUndefined();
  now = 1_000;
  expect([leftOut(), leftOut(), leftOut()]).toEqual([3, 0, undefined]);
  now = 5_000;
  expect(leftOut()).toBe(1);
});

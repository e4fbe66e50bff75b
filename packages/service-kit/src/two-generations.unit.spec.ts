import { TwoGenerations } from './two-generations.ts';

it('two generations keep what is used, forget the rest, and stay within their size', () => {
  const map = new TwoGenerations<number, number>(10);
  map.set(-1, -1);
  for (let i = 0; i < 1_000; i++) {
    map.set(i, i);
    expect(map.get(-1)).toBe(-1);
  }
  const kept = Array.from({ length: 1_000 }, (_, i) => map.get(i)).filter((value) => value !== undefined);
  expect(kept.length).toBeLessThanOrEqual(20);
  expect(map.get(999)).toBe(999);
});

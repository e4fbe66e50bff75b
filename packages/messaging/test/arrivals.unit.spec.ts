import { Arrivals, sizeOf } from '../src/arrivals.ts';

test('what is in hand is bounded by its headers as well as by keys and values', () => {
  const raw = (length: number) => ({
    key: null,
    value: null,
    headers: { one: Buffer.alloc(length), many: ['x'.repeat(length), Buffer.alloc(length)] },
  });
  expect(sizeOf(raw(1_000)) - sizeOf(raw(0))).toBe(3_000);
  const arrivals = new Arrivals(10, 5_000);
  const push = (): void =>
    arrivals.push({
      topic: 't',
      partition: 0,
      offset: 0n,
      raw: raw(1_000),
      bytes: sizeOf(raw(1_000)),
      message: undefined,
      problem: undefined,
    });
  push();
  expect(arrivals.isFull).toBe(false);
  push();
  expect(arrivals.isFull).toBe(true);
  arrivals.take(1);
  expect(arrivals.isFull).toBe(false);
});

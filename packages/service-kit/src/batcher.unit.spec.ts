import { jest } from '@jest/globals';
import { batcher } from './batcher.ts';
import { OverloadedError } from './errors.ts';

const gated = (sizeMax = 3, queueMax = 10, intervalMs = 0) => {
  const batches: number[][] = [];
  const open: (() => void)[] = [];
  const add = batcher<number, number>({
    sizeMax,
    queueMax,
    intervalMs,
    run: async (items) => {
      batches.push(items);
      await new Promise<void>((resolve) => open.push(resolve));
      return items.map((item) => item * 10);
    },
  });
  const finish = async (): Promise<void> => {
    open.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { add, batches, finish };
};

it('runs a lone item at once, gathers while a run is in flight, and keeps to the size', async () => {
  const { add, batches, finish } = gated();
  const first = add(1);
  await Promise.resolve();
  expect(batches).toEqual([[1]]);
  const rest = [2, 3, 4, 5].map(add);
  await finish();
  expect(await first).toBe(10);
  await finish();
  await finish();
  expect(batches).toEqual([[1], [2, 3, 4], [5]]);
  expect(await Promise.all(rest)).toEqual([20, 30, 40, 50]);
  const later = add(6);
  await Promise.resolve();
  await finish();
  expect(await later).toBe(60);
});

it('takes items of one tick together', async () => {
  const { add, batches, finish } = gated();
  void add(1);
  void add(2);
  await Promise.resolve();
  expect(batches).toEqual([[1, 2]]);
  await finish();
});

describe('with an interval', () => {
  beforeEach(() => void jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] }));
  afterEach(() => void jest.useRealTimers());
  const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);

  it('lone items do not wait; what comes after a run with company waits for more, until the interval is over', async () => {
    const { add, batches, finish } = gated(3, 10, 50);
    void add(1);
    await pass(0);
    await finish();
    void add(2);
    await pass(0);
    expect(batches).toEqual([[1], [2]]);
    for (const item of [3, 4]) void add(item); // while the second runs
    await finish();
    expect(batches.slice(2)).toEqual([[3, 4]]);
    await finish();
    void add(5);
    await pass(49);
    void add(6);
    expect(batches.slice(3)).toEqual([]);
    await pass(1);
    expect(batches.slice(3)).toEqual([[5, 6]]);
    await pass(50);
    await finish();
    void add(7);
    await pass(0);
    expect(batches.slice(4)).toEqual([[7]]);
    await finish();
  });

  it('nor does a batch that is full', async () => {
    const { add, batches, finish } = gated(2, 10, 50);
    for (const item of [1, 2, 3, 4]) void add(item);
    await pass(0);
    await finish();
    expect(batches).toEqual([
      [1, 2],
      [3, 4],
    ]);
    await finish();
  });
});

it('refuses at once when the queue is full', async () => {
  const { add, finish } = gated(1, 1);
  const first = add(1);
  await Promise.resolve();
  const second = add(2);
  await expect(add(3)).rejects.toThrow(OverloadedError);
  await finish();
  await finish();
  expect(await Promise.all([first, second])).toEqual([10, 20]);
});

it('gives the error of a run to each of its items, and goes on', async () => {
  let runs = 0;
  const add = batcher<number, number>({
    sizeMax: 10,
    queueMax: 10,
    run: async (items) => {
      if (++runs === 1) throw new Error('broken');
      return runs === 2 ? [] : items;
    },
  });
  expect(await Promise.allSettled([add(1), add(2)])).toMatchObject([{ reason: { message: 'broken' } }, { reason: { message: 'broken' } }]);
  await expect(add(3)).rejects.toThrow('answered with 0 results');
  expect(await add(4)).toBe(4);
});

import { batcher } from './batcher.ts';
import { OverloadedError } from './errors.ts';

const gated = (sizeMax = 3, queueMax = 10) => {
  const batches: number[][] = [];
  const open: (() => void)[] = [];
  const add = batcher<number, number>({
    sizeMax,
    queueMax,
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

import { setTimeout as sleep } from 'node:timers/promises';
import { allEnded } from './all-ended.ts';

test('answers all results in their order', async () => {
  expect(await allEnded([sleep(5, 'late'), Promise.resolve(2), 3])).toEqual(['late', 2, 3]);
});

test('waits for those that still go on, and throws the first error in their order', async () => {
  let ended = false;
  const slow = sleep(20).then(() => {
    ended = true;
    throw new Error('the cause');
  });
  await expect(allEnded([slow, Promise.reject(new Error('what came of it'))])).rejects.toThrow('the cause');
  expect(ended).toBe(true);
});

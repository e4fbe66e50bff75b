import { TransientError } from './errors.ts';
import { backoffMs, retryWithBackoff, sleep, within } from './retry.ts';

const failing = (times: number, error: Error) => {
  let calls = 0;
  return { fn: async () => (++calls <= times ? Promise.reject(error) : calls), calls: () => calls };
};

it('tries transient failures again until it works', async () => {
  const { fn } = failing(3, new TransientError('x'));
  const retries: number[] = [];
  expect(await retryWithBackoff(fn, { baseMs: 1, onRetry: (_, attempt) => retries.push(attempt) })).toBe(4);
  expect(retries).toEqual([1, 2, 3]);
});

it('throws other errors at once, and transient ones after the last try', async () => {
  const bug = failing(9, new RangeError('x'));
  await expect(retryWithBackoff(bug.fn)).rejects.toThrow(RangeError);
  expect(bug.calls()).toBe(1);
  const stubborn = failing(9, new TransientError('x'));
  await expect(retryWithBackoff(stubborn.fn, { baseMs: 1, attemptsMax: 3 })).rejects.toThrow(TransientError);
  expect(stubborn.calls()).toBe(3);
});

it('stops waiting when it is told to', async () => {
  const stop = new AbortController();
  const forever = retryWithBackoff(failing(99, new TransientError('x')).fn, { baseMs: 60_000, capMs: 60_000, signal: stop.signal });
  stop.abort();
  await expect(forever).rejects.toThrow(TransientError);
  await sleep(60_000, stop.signal);
});

it('waits for work within its limit, and no longer', async () => {
  await within(60_000, Promise.resolve());
  await within(1, new Promise(() => {}));
  await expect(within(60_000, Promise.reject(new RangeError('no')))).rejects.toThrow(RangeError);
});

it('doubles its pauses up to the cap, half of each left to chance', () => {
  expect([1, 2, 3, 9, 1000].map((n) => backoffMs(n, { baseMs: 10, capMs: 100 }, () => 1))).toEqual([10, 20, 40, 100, 100]);
  expect([1, 2, 3, 9].map((n) => backoffMs(n, { baseMs: 10, capMs: 100 }, () => 0))).toEqual([5, 10, 20, 50]);
});

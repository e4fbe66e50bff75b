import { OffsetTracker } from '../src/offset-tracker.ts';

const tracker = (): OffsetTracker => {
  const fresh = new OffsetTracker();
  fresh.reset({ t: [0, 1] });
  return fresh;
};
const deliver = (to: OffsetTracker, ...offsets: bigint[]): void => offsets.forEach((offset) => to.delivered('t', 0, offset));

test('commits only what is contiguous, over gaps in the log', () => {
  const t = tracker();
  deliver(t, 5n, 6n, 9n, 10n);
  t.done('t', 0, 9n);
  expect(t.toCommit()).toEqual([]);
  t.done('t', 0, 5n);
  expect(t.toCommit()).toEqual([{ topic: 't', partition: 0, offset: 6n }]);
  t.done('t', 0, 6n);
  expect(t.toCommit()).toEqual([{ topic: 't', partition: 0, offset: 10n }]);
});

test('never lowers and never repeats a commit', () => {
  const t = tracker();
  deliver(t, 1n, 2n);
  t.done('t', 0, 1n);
  t.done('t', 0, 2n);
  const late = [{ topic: 't', partition: 0, offset: 2n }];
  t.committed(t.toCommit());
  t.committed(late);
  expect(t.toCommit()).toEqual([]);
  t.done('t', 0, 1n);
  expect(t.toCommit()).toEqual([]);
});

test('an assignment forgets everything, also of partitions that stay', () => {
  const t = tracker();
  deliver(t, 1n);
  t.reset({ t: [0] });
  t.done('t', 0, 1n);
  expect(t.toCommit()).toEqual([]);
  expect(t.owns('t', 1)).toBe(false);
  expect(t.partitions('t')).toEqual([0]);
});

test('the lag counts from what was delivered first, until something is done', () => {
  const t = tracker();
  expect(t.lag('t', 0, 10n)).toBe(0);
  deliver(t, 4n, 5n);
  expect(t.lag('t', 0, 10n)).toBe(6);
  t.done('t', 0, 4n);
  expect(t.lag('t', 0, 10n)).toBe(5);
});

test('what was never delivered is not done, and long logs leave nothing behind', () => {
  const t = tracker();
  for (let i = 0n; i < 5_000n; i++) {
    deliver(t, i);
    t.done('t', 0, i);
  }
  t.done('t', 0, 7_000n);
  t.done('t', 3, 1n);
  expect(t.toCommit()).toEqual([{ topic: 't', partition: 0, offset: 5_000n }]);
  expect(t.lag('t', 0, 5_010n)).toBe(10);
});

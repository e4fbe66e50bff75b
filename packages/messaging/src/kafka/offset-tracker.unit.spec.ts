import { OffsetTracker } from './offset-tracker.ts';

const tracker = (): OffsetTracker => {
  const made = new OffsetTracker();
  made.reset({ t: [0, 1] });
  return made;
};

test('commits the next offset to be read, once', () => {
  const offsets = tracker();
  offsets.markDone('t', 0, 4n);
  offsets.markDone('t', 0, 5n);
  expect(offsets.toCommit()).toEqual([{ topic: 't', partition: 0, offset: '6' }]);
  offsets.committed(offsets.toCommit());
  expect(offsets.toCommit()).toEqual([]);
});

test('never lowers an offset', () => {
  const offsets = tracker();
  offsets.markDone('t', 0, 9n);
  offsets.markDone('t', 0, 3n);
  expect(offsets.toCommit()).toEqual([{ topic: 't', partition: 0, offset: '10' }]);
});

test('an assignment forgets what was done before it, and what is not ours is not committed', () => {
  const offsets = tracker();
  offsets.markDone('t', 0, 9n);
  offsets.reset({ t: [1] });
  offsets.markDone('t', 0, 10n);
  expect(offsets.toCommit()).toEqual([]);
  expect(offsets.partitions('t')).toEqual([1]);
  expect(offsets.owns('t', 0)).toBe(false);
});

test('offsets beyond 2^53 stay exact', () => {
  const offsets = tracker();
  offsets.markDone('t', 0, 9007199254740993n);
  expect(offsets.toCommit()[0]?.offset).toBe('9007199254740994');
});

test('lag is what is left up to the end', () => {
  const offsets = tracker();
  expect(offsets.lag('t', 0, 5n)).toBeUndefined();
  offsets.markDone('t', 0, 1n);
  expect(offsets.lag('t', 0, 5n)).toBe(3);
});

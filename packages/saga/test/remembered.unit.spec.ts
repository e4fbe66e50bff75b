import { begin } from '../src/index.ts';
import type { Progress } from '../src/index.ts';
import { remembered } from '../src/remembered.ts';
import { Driver, paidLater, testPace, trip } from './driver.ts';
import { bookTrip } from './trip.ts';

const stored = (id: string, rowVersion: number, progress: Progress = begin(bookTrip, id, trip, 0, testPace).progress) => ({
  id,
  rowVersion,
  progress,
});

test('a saga is taken once, in its latest version, whoever was the last to tell of his', () => {
  const memory = remembered(10);
  for (const version of [1, 3, 2]) memory.keep(stored('a', version));
  expect(memory.take('a')).toMatchObject({ rowVersion: 3 });
  expect(memory.take('a')).toBeUndefined();
});

test('what has ended, waits for its buyer or is parked is forgotten', () => {
  const memory = remembered(10);
  const refused = new Driver(trip).reply('reserve.seats/1', 'NoSeats', { left: 0 }).progress;
  const waiting = new Driver(paidLater).reserved().progress;
  const parked = new Driver(trip).reserved().failed('pay/1').progress;
  expect([refused, waiting, parked].map(({ phase }) => phase)).toEqual(['refused', 'waiting', 'running']);
  for (const progress of [refused, waiting, parked]) {
    memory.keep(stored('s1', 1));
    memory.keep(stored('s1', 2, progress));
    expect(memory.take('s1')).toBeUndefined();
  }
});

test('at least as many as it is made for are remembered, and at most twice as many', () => {
  const memory = remembered(10);
  const ids = Array.from({ length: 100 }, (_, n) => `saga${n}`);
  for (const id of ids) memory.keep(stored(id, 1));
  const kept = ids.filter((id) => memory.take(id) !== undefined);
  expect(kept).toEqual(ids.slice(-kept.length));
  expect(kept.length).toBeGreaterThanOrEqual(10);
  expect(kept.length).toBeLessThanOrEqual(20);
});

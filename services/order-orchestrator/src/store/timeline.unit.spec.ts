import { advance, begin, hasEnded, type Input, type Progress, type SagaChange } from '@jumun/saga';
import type { PlacedOrder } from '../order.ts';
import { placeOrder } from '../place-order.ts';
import { timelineBegun, timelineOf, TOLD_BYTES_MAX } from './timeline.ts';

const ID = '01900000-0000-7000-8000-000000000000';
const ORDER: PlacedOrder = {
  id: ID,
  userId: ID,
  lines: [],
  subtotal: 0,
  discount: 0,
  total: 0,
  couponId: ID,
  createdAt: 1_795_788_333_645,
};

const begun = (): Progress<PlacedOrder> => begin(placeOrder, ID, ORDER, ORDER.createdAt).progress;
const moved = (before: Progress<PlacedOrder>, input: Input, now: number): SagaChange & { after: Progress<PlacedOrder> } => {
  const { progress: after, timeline } = advance(placeOrder, before, input, now);
  return { id: ID, rowVersion: 1, before, after, timeline, end: null };
};

const ANSWERS: Readonly<Record<string, string>> = {
  'reserve.stock': 'StockReserved',
  'reserve.coupon': 'CouponHeld',
  'commit.stock': 'StockCommitted',
  'commit.coupon': 'CouponUsed',
};

/** The history of an order whose every command is answered only after it was asked for so often that it is parked. */
const slowest = (debit: string): string => {
  let saga = begun();
  let history = timelineBegun(saga);
  let now = ORDER.createdAt;
  const move = (input: Input): void => {
    const change = moved(saga, input, now);
    saga = change.after;
    history += timelineOf(change);
  };
  while (!hasEnded(saga)) {
    while (saga.nextAt !== null) {
      now = saga.nextAt;
      move({ kind: 'tick' });
    }
    for (const [key, { state, attempt }] of Object.entries(saga.steps)) {
      const isUndo = state === 'undo-silent';
      const $type = `x.${isUndo ? 'Undone' : (ANSWERS[key] ?? debit)}`;
      move({ kind: 'reply', commandId: `${ID}/${key}${isUndo ? '.undo' : ''}/${attempt}`, reply: { $type } });
    }
  }
  return history;
};

it.each([['WalletDebited'], ['InsufficientBalance']])('is far from full when no person has a hand in it (%s)', (debit) => {
  const history = slowest(debit);
  expect(history.match(/"stuck"/g)).toHaveLength(5);
  expect(history.length).toBeGreaterThan(5_000);
  expect(history.length).toBeLessThan(TOLD_BYTES_MAX / 8);
});

it('has a line a move, whatever is said in it, and none for a move that tells nothing', () => {
  const saga = begun();
  const failed = { $type: 'x.CommandFailed', reason: 'INSERT INTO secrets' };
  const change = moved(saga, { kind: 'reply', commandId: `${ID}/reserve.stock/1`, reply: failed }, ORDER.createdAt + 5);
  const stuck = timelineOf({ ...change, timeline: [{ at: 1, kind: 'stuck', step: 'pay', attempt: 1, code: failed.reason }] });
  expect(stuck.split('\n')).toEqual(['', expect.stringContaining('"code":"COMMAND_FAILED"')]);
  expect(stuck).not.toContain('secrets');
  const noAnswer = timelineOf({ ...change, timeline: [{ at: 1, kind: 'stuck', step: 'pay', attempt: 1, code: 'NO_ANSWER' }] });
  expect(noAnswer).toContain('"code":"NO_ANSWER"');
  const reply = 'one\ntwo "source":"saga"';
  const answered = timelineOf({ ...change, timeline: [{ at: 1, kind: 'answered', step: 'pay', attempt: 1, reply }] });
  expect(answered.split('\n')).toEqual(['', expect.stringContaining('one\\ntwo \\"source\\":\\"saga\\"')]);
  expect(timelineOf({ ...change, after: saga, timeline: [{ at: 1, kind: 'asked', step: 'pay', attempt: 1 }] })).toBe('');
});

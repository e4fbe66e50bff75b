import { advance, begin, endOf, stuckOf } from '../src/index.ts';
import { Driver, paidLater, testPace, trip, withVoucher } from './driver.ts';
import { bookTrip, guideLimitMs, payableMs } from './trip.ts';

describe('going forward', () => {
  test('the steps of a stage run side by side, the next stage starts when all are done', () => {
    const saga = new Driver(withVoucher);
    expect(saga.sent).toEqual(['s1/reserve.seats/1', 's1/reserve.voucher/1']);
    expect(saga.reply('reserve.voucher/1', 'VoucherHeld').sent).toEqual([]);
    expect(saga.outstanding).toEqual(['s1/reserve.seats/1']);
    expect(saga.reply('reserve.seats/1', 'SeatsReserved').sent).toEqual(['s1/guide.guide/1']);
  });

  test('a step whose condition is false is left out', () => {
    expect(new Driver(trip).sent).toEqual(['s1/reserve.seats/1']);
    expect(new Driver(trip).reserved().paid().sent).toEqual(['s1/commit.seats/1']);
  });

  test('a handler may store what the reply brought, and the end tells it', () => {
    const saga = new Driver(trip).reserved().paid().reply('commit.seats/1', 'SeatsSold');
    expect(saga.progress).toMatchObject({ phase: 'completed', nextAt: null, steps: {}, data: { guide: 'bo', paidAt: 7 } });
    expect(endOf(bookTrip, saga.progress)).toEqual({
      outcome: 'completed',
      endedAt: 40,
      event: { $type: 'trip.v1.TripBooked', tripId: 't1', paidAt: 7, endedAt: 40 },
    });
  });

  test('data that no handler changed stays the same object', () => {
    const { progress } = begin(bookTrip, 's1', withVoucher, 0);
    const commandId = 's1/reserve.voucher/1';
    expect(advance(bookTrip, progress, { kind: 'reply', commandId, reply: { $type: 'trip.v1.VoucherHeld' } }, 1).progress.data).toBe(
      withVoucher,
    );
    expect(advance(bookTrip, progress, { kind: 'tick' }, 1).progress).toBe(progress);
  });

  test('what happened before the pivot is forgotten after it: progress stays small', () => {
    const saga = new Driver(withVoucher).reserved().paid();
    expect(Object.keys(saga.progress.steps)).toEqual(['commit.seats', 'commit.voucher']);
    expect(JSON.stringify({ ...saga.progress, data: undefined }).length).toBeLessThan(320);
  });
});

describe('replies', () => {
  test.each([
    'reserve.seats/1',
    'reserve.seats/2',
    'reserve/1',
    'pay/1',
    '/1',
    '',
    'constructor/1',
    'reserve.seats.undo/1',
    'guide.guide/01',
  ])('one to %j, which is not outstanding, changes nothing', (command) => {
    const saga = new Driver(trip).reply('reserve.seats/1', 'SeatsReserved');
    const before = saga.progress;
    saga.reply(command, 'SeatsReserved');
    expect(saga.last).toMatchObject({ verdict: 'stale', messages: [], timeline: [] });
    expect(saga.progress).toEqual(before);
  });

  test("another saga's is not taken", () => {
    const saga = new Driver(trip).apply({ kind: 'reply', commandId: 's10/reserve.seats/1', reply: { $type: 'trip.v1.SeatsReserved' } });
    expect(saga.last.verdict).toBe('stale');
  });

  test('of a former attempt is ignored: its answer is not the answer to the present one', () => {
    const saga = new Driver(paidLater).reserved().pay().reply('pay/1', 'TooPoor', { shortBy: 5 }).pay();
    expect(saga.sent).toEqual(['s1/pay/2']);
    expect(saga.reply('pay/1', 'TooPoor', { shortBy: 5 }).last.verdict).toBe('stale');
    expect(saga.reply('pay/2', 'Debited', { at: 9 }).sent).toEqual(['s1/commit.seats/1']);
  });

  test('Undone is never an answer to a do', () => {
    const saga = new Driver(trip).apply({ kind: 'reply', commandId: 's1/reserve.seats/1', reply: { $type: 'common.v1.Undone' } });
    expect(saga.last.verdict).toBe('stale');
    expect(saga.outstanding).toEqual(['s1/reserve.seats/1']);
  });
});

describe('refusing', () => {
  test('undoes what is done and what may be done, not the step that said no, and ends after the last answer', () => {
    const saga = new Driver(withVoucher).reply('reserve.seats/1', 'NoSeats', { left: 1 });
    expect(saga.progress).toMatchObject({ phase: 'undoing', reason: { code: 'NO_SEATS', details: { left: 1 } } });
    expect(saga.last.messages).toMatchObject([
      { commandId: 's1/reserve.voucher.undo/1', undoes: 's1/reserve.voucher/1', command: { name: 'trip.v1.ReleaseVoucher' } },
    ]);
    expect(saga.reply('reserve.voucher/1', 'VoucherHeld').last.verdict).toBe('stale');
    expect(saga.reply('reserve.voucher.undo/1', 'VoucherReleased').progress).toMatchObject({ phase: 'refused', nextAt: null, steps: {} });
    expect(endOf(bookTrip, saga.progress)).toMatchObject({ outcome: 'refused', event: { code: 'NO_SEATS' } });
  });

  test('ends at once when nothing can have happened', () => {
    expect(new Driver(trip).reply('reserve.seats/1', 'NoSeats', { left: 0 }).progress).toMatchObject({ phase: 'refused', endedAt: 10 });
  });

  describe('of two steps that say no the one that is written first counts', () => {
    const noSeats = { code: 'NO_SEATS', details: { left: 1 } };
    const taken = () => new Driver(withVoucher).reply('reserve.voucher/1', 'VoucherTaken');

    test('whoever answers first', () => {
      const saga = taken();
      expect(saga.progress).toMatchObject({ phase: 'running', nextAt: testPace.askAgainMs });
      expect(saga.outstanding).toEqual(['s1/reserve.seats/1']);
      expect(saga.reply('reserve.voucher/1', 'VoucherTaken').last.verdict).toBe('stale');
      expect(saga.reply('reserve.seats/1', 'NoSeats', { left: 1 }).progress).toMatchObject({ phase: 'refused', reason: noSeats });
      const other = new Driver(withVoucher).reply('reserve.seats/1', 'NoSeats', { left: 1 });
      expect(other.progress).toMatchObject({ phase: 'undoing', reason: noSeats });
    });

    test('once the first one is done the other one decides, and only what is done is undone', () => {
      const saga = taken().reply('reserve.seats/1', 'SeatsReserved');
      expect(saga.progress).toMatchObject({ phase: 'undoing', reason: { code: 'VOUCHER_TAKEN' } });
      expect(saga.sent).toEqual(['s1/reserve.seats.undo/1']);
      expect(saga.reply('reserve.seats.undo/1', 'SeatsReleased').progress.phase).toBe('refused');
    });

    test('silence is not waited for: when it would be asked again, what is known decides', () => {
      const saga = taken().tick(testPace.askAgainMs);
      expect(saga.progress).toMatchObject({ phase: 'undoing', reason: { code: 'VOUCHER_TAKEN' } });
      expect(saga.last.messages).toMatchObject([{ commandId: 's1/reserve.seats.undo/1', undoes: 's1/reserve.seats/1' }]);
    });

    test('nor is one that was parked for its silence', () => {
      const saga = new Driver(withVoucher);
      for (let asks = 1; asks <= testPace.asksMax; asks++) saga.tick(testPace.askAgainMsMax);
      expect(stuckOf(saga.progress)).toMatchObject({ step: 'reserve.seats' });
      expect(saga.reply('reserve.voucher/1', 'VoucherTaken').progress).toMatchObject({
        phase: 'undoing',
        reason: { code: 'VOUCHER_TAKEN' },
      });
    });

    test('a failure does not hide it', () => {
      const saga = taken().failed('reserve.seats/1');
      expect(saga.progress).toMatchObject({ phase: 'undoing', reason: { code: 'VOUCHER_TAKEN' } });
      expect(saga.sent).toEqual(['s1/reserve.seats.undo/1']);
    });

    test('a cancellation meanwhile is one', () => {
      expect(taken().cancel().progress).toMatchObject({ phase: 'undoing', reason: { code: 'CANCELLED' } });
      expect(taken().cancel().sent).toEqual(['s1/reserve.seats.undo/1']);
    });
  });

  test('stages are undone in reverse order', () => {
    const saga = new Driver(withVoucher).reserved().reply('pay/1', 'TooPoor', { shortBy: 5 });
    expect(saga.sent).toEqual(['s1/guide.guide.undo/1']);
    expect(saga.reply('guide.guide.undo/1', 'GuideFreed').sent).toEqual(['s1/reserve.seats.undo/1', 's1/reserve.voucher.undo/1']);
    expect(saga.reply('reserve.seats.undo/1', 'SeatsReleased').progress.phase).toBe('undoing');
    expect(saga.reply('reserve.voucher.undo/1', 'VoucherReleased').progress.phase).toBe('refused');
  });

  test('a failed do is compensated, itself too, and refused as INTERNAL', () => {
    const saga = new Driver(withVoucher).reply('reserve.voucher/1', 'VoucherHeld').failed('reserve.seats/1');
    expect(saga.progress.reason).toEqual({ code: 'INTERNAL', details: { step: 'reserve.seats', why: 'BROKEN' } });
    expect(saga.sent).toEqual(['s1/reserve.seats.undo/1', 's1/reserve.voucher.undo/1']);
  });

  test('a reply that no protocol allows counts as a failure', () => {
    expect(new Driver(trip).reply('reserve.seats/1', 'Nonsense').progress.reason).toMatchObject({ code: 'INTERNAL' });
    expect(new Driver(trip).reply('reserve.seats/1', 'toString').progress.reason).toMatchObject({ code: 'INTERNAL' });
  });

  test('a limited stage is refused when its time is over', () => {
    const saga = new Driver(trip).reply('reserve.seats/1', 'SeatsReserved');
    for (let seconds = 0; seconds < 7; seconds++) saga.tick(1_000);
    expect(saga.progress).toMatchObject({ phase: 'running', until: 10 + guideLimitMs, nextAt: 10 + guideLimitMs });
    expect(saga.tick(guideLimitMs - 7_000).progress).toMatchObject({ phase: 'undoing', reason: { code: 'NO_GUIDE_IN_TIME' } });
  });
});

describe('waiting', () => {
  test('a signal ends it, any other is refused', () => {
    const saga = new Driver(paidLater).reserved();
    expect(saga.progress).toMatchObject({ phase: 'waiting', stage: 'payment', until: 20 + payableMs, nextAt: 20 + payableMs });
    expect(saga.apply({ kind: 'signal', name: 'other' }).last.verdict).toBe('not-waiting');
    expect(saga.pay().sent).toEqual(['s1/pay/1']);
    expect(saga.pay().last.verdict).toBe('not-waiting');
  });

  test('back from the pivot it keeps its deadline and the answer; the attempt rises with the next signal', () => {
    const saga = new Driver(paidLater).reserved().pay().reply('pay/1', 'TooPoor', { shortBy: 5 });
    expect(saga.progress).toMatchObject({ phase: 'waiting', until: 20 + payableMs, setback: { attempt: 1, reply: { shortBy: 5 } } });
    expect(saga.pay().progress.setback).toBeUndefined();
    expect(saga.sent).toEqual(['s1/pay/2']);
  });

  test('its time-out refuses; a declined pivot needs no undo', () => {
    const saga = new Driver(paidLater).reserved().pay().reply('pay/1', 'TooPoor', { shortBy: 5 }).tick(payableMs);
    expect(saga.progress.reason).toEqual({ code: 'PAYMENT_TIMEOUT' });
    expect(saga.sent).toEqual(['s1/guide.guide.undo/1']);
  });

  test('a signal after the deadline is late, though no sweep came by', () => {
    const saga = new Driver(paidLater).reserved().pay(payableMs);
    expect(saga.last.verdict).toBe('not-waiting');
    expect(saga.progress).toMatchObject({ phase: 'undoing', reason: { code: 'PAYMENT_TIMEOUT' } });
    expect(saga.sent).toEqual(['s1/guide.guide.undo/1']);
  });

  test('declined after the deadline it is refused at once', () => {
    const saga = new Driver(paidLater)
      .reserved()
      .pay(payableMs - 1)
      .reply('pay/1', 'TooPoor', { shortBy: 5 });
    expect(saga.progress).toMatchObject({ phase: 'undoing', reason: { code: 'PAYMENT_TIMEOUT' } });
    expect(saga.sent).toEqual(['s1/guide.guide.undo/1']);
  });

  test('a cancellation refuses it', () => {
    const saga = new Driver(paidLater).reserved().cancel();
    expect(saga.last.verdict).toBe('applied');
    expect(saga.progress.reason).toEqual({ code: 'CANCELLED' });
  });
});

describe('from the pivot on', () => {
  test('neither cancellation nor time-out moves the saga', () => {
    const saga = new Driver(paidLater).reserved().pay();
    expect(saga.cancel().last.verdict).toBe('not-cancellable');
    expect(saga.tick(payableMs).sent).toEqual(['s1/pay/1']);
    expect(saga.progress).toMatchObject({ phase: 'running', stage: 'pay' });
    expect(saga.paid().cancel().last.verdict).toBe('not-cancellable');
  });

  test('before it a cancellation undoes what is not yet answered too', () => {
    const saga = new Driver(withVoucher).cancel();
    expect(saga.sent).toEqual(['s1/reserve.seats.undo/1', 's1/reserve.voucher.undo/1']);
    expect(saga.cancel().last.verdict).toBe('not-cancellable');
  });

  test('a failed commit parks, and is retried as a new attempt; its sibling goes on', () => {
    const saga = new Driver(withVoucher).reserved().paid().failed('commit.voucher/1');
    expect(stuckOf(saga.progress)).toMatchObject({ step: 'commit.voucher', attempt: 1, undo: false, why: 'BROKEN' });
    expect(saga.outstanding).toEqual(['s1/commit.seats/1']);
    expect(saga.reply('commit.seats/1', 'SeatsSold').progress).toMatchObject({ phase: 'running', nextAt: null });
    expect(saga.apply({ kind: 'retry' }).sent).toEqual(['s1/commit.voucher/2']);
    expect(saga.reply('commit.voucher/2', 'VoucherUsed').progress.phase).toBe('completed');
  });

  test('a failed undo parks, and is retried as a new attempt', () => {
    const saga = new Driver(trip).cancel().failed('reserve.seats.undo/1');
    expect(stuckOf(saga.progress)).toMatchObject({ step: 'reserve.seats', undo: true });
    expect(saga.apply({ kind: 'retry' }).last.messages).toMatchObject([
      { commandId: 's1/reserve.seats.undo/2', undoes: 's1/reserve.seats/1' },
    ]);
    expect(saga.reply('reserve.seats.undo/2', 'SeatsReleased').progress.phase).toBe('refused');
  });
});

describe('silence', () => {
  test('is answered by the very same command, with growing patience, then by parking', () => {
    const saga = new Driver(trip).reserved();
    const [first] = saga.messages;
    expect(saga.tick(500).last.verdict).toBe('early');
    expect(saga.tick(500).messages).toEqual([{ ...first, asks: 2 }]);
    expect(saga.progress.nextAt).toBe(saga.now + 2_000);
    expect(saga.tick(2_000).messages).toEqual([{ ...first, asks: testPace.asksMax }]);
    expect(saga.tick(4_000).messages).toEqual([]);
    expect(saga.progress.nextAt).toBeNull();
    expect(stuckOf(saga.progress)).toMatchObject({ step: 'pay', attempt: 1, asks: 3, why: 'NO_ANSWER' });
  });

  test('a parked saga still takes the awaited answer', () => {
    const saga = new Driver(trip).reserved().tick(1_000).tick(2_000).tick(4_000).paid();
    expect(saga.sent).toEqual(['s1/commit.seats/1']);
    expect(stuckOf(saga.progress)).toBeNull();
  });

  test('a person asks again under the same id: the first ask may still be answered', () => {
    const saga = new Driver(trip).reserved().tick(1_000).tick(2_000).tick(4_000).apply({ kind: 'retry' });
    expect(saga.last.messages).toMatchObject([{ commandId: 's1/pay/1', asks: 1, issuedAt: 20 }]);
    expect(saga.apply({ kind: 'retry' }).last.verdict).toBe('not-stuck');
  });

  test('before the pivot a parked saga may be cancelled', () => {
    const saga = new Driver(trip).tick(1_000).tick(2_000).tick(4_000);
    expect(stuckOf(saga.progress)).not.toBeNull();
    expect(saga.cancel().sent).toEqual(['s1/reserve.seats.undo/1']);
  });
});

import assert from 'node:assert/strict';
import { advance, begin, messagesOf } from '../src/index.ts';
import type { Input, Message, Progress, Reply, Transition } from '../src/index.ts';
import { bookTrip } from './trip.ts';
import type { Trip } from './trip.ts';

export const testPace = { askAgainMs: 1_000, askAgainMsMax: 4_000, asksMax: 3 };
export const trip: Trip = { tripId: 't1', traveller: 'ada', seats: 2, price: 50 };
export const withVoucher: Trip = { ...trip, voucher: 'v1' };
export const paidLater: Trip = { ...trip, payLater: true };

/** Plays a saga by hand: each move is checked to leave the former progress untouched and to survive a round trip through JSON. */
export class Driver {
  now = 0;
  last: Transition<Trip>;

  constructor(data: Trip) {
    this.last = begin(bookTrip, 's1', data, 0, testPace);
  }

  get progress(): Progress<Trip> {
    return this.last.progress;
  }

  /** What this transition sends, and what is outstanding altogether: command ids. */
  get sent(): string[] {
    return this.last.messages.map(({ commandId }) => commandId);
  }

  get outstanding(): string[] {
    return this.messages.map(({ commandId }) => commandId);
  }

  get messages(): Message[] {
    return messagesOf(bookTrip, this.progress);
  }

  apply(input: Input, afterMs = 10): this {
    this.now += afterMs;
    const before = JSON.stringify(this.progress);
    const stored = JSON.parse(before) as Progress<Trip>;
    this.last = advance(bookTrip, stored, input, this.now, testPace);
    assert.equal(JSON.stringify(stored), before);
    assert.deepEqual(JSON.parse(JSON.stringify(this.progress)), this.progress);
    return this;
  }

  /** An answer to `s1/<step>/<attempt>`. */
  reply(command: string, type: string, body: object = {}, afterMs = 10): this {
    return this.apply({ kind: 'reply', commandId: `s1/${command}`, reply: { $type: `trip.v1.${type}`, ...body } as Reply }, afterMs);
  }

  failed(command: string, reason = 'BROKEN'): this {
    return this.apply({ kind: 'reply', commandId: `s1/${command}`, reply: { $type: 'common.v1.CommandFailed', reason } as Reply });
  }

  tick(afterMs: number): this {
    return this.apply({ kind: 'tick' }, afterMs);
  }

  pay(afterMs = 10): this {
    return this.apply({ kind: 'signal', name: 'payment' }, afterMs);
  }

  cancel(): this {
    return this.apply({ kind: 'cancel', code: 'CANCELLED' });
  }

  /** All answers up to the pivot, or to the wait before it. */
  reserved(): this {
    this.reply('reserve.seats/1', 'SeatsReserved');
    if (this.progress.data.voucher !== undefined) this.reply('reserve.voucher/1', 'VoucherHeld');
    return this.reply('guide.guide/1', 'GuideBooked', { guide: 'bo' });
  }

  paid(): this {
    return this.reply('pay/1', 'Debited', { at: 7 });
  }
}

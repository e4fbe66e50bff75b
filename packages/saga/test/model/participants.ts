import type { Message, Reply } from '../../src/index.ts';
import type { TripCommand } from '../trip.ts';
import type { Random } from './random.ts';

/** A broken promise, with the words that tell it. */
export class Violation extends Error {}

export const check = (holds: boolean, what: string): void => {
  if (!holds) throw new Violation(what);
};

interface Claim {
  /** Null for a do that is claimed by its undo before it came. */
  readonly payload: string | null;
  readonly reply: Reply;
}

/**
 * All participants in one memory: an inbox with stored answers, as the messaging package keeps it, and the books behind it. A handled
 * command is one transaction; each effect is written under the trip that caused it.
 */
export class Participants {
  readonly inbox = new Map<string, Claim>();
  readonly reserved = new Map<string, number>();
  readonly sold = new Map<string, number>();
  readonly vouchers = new Map<string, { by: string; used: boolean }>();
  readonly guided = new Set<string>();
  readonly debits = new Map<string, number>();
  /** Trips whose refusal or completion has been told: nothing of theirs may change any more. */
  readonly closed = new Set<string>();
  readonly seatsInitial: number;
  private readonly balances = new Map<string, number>();
  private charged = 0;
  private available: number;
  private readonly random: Random;

  constructor(seats: number, random: Random) {
    this.seatsInitial = seats;
    this.available = seats;
    this.random = random;
  }

  charge(traveller: string, amount: number): void {
    this.charged += amount;
    this.balances.set(traveller, this.balanceOf(traveller) + amount);
  }

  /** Handles a delivery: a known command gets its stored answer again, an undo claims its do too. */
  handle({ commandId, payload, undoes }: Message, failing: number): Reply {
    const text = JSON.stringify(payload);
    const known = this.inbox.get(commandId);
    if (known) {
      check(known.payload === null || known.payload === text, `${commandId} was sent with two payloads`);
      return known.reply;
    }
    this.checkAttempt(commandId);
    const neverRan = undoes !== undefined && !this.inbox.has(undoes);
    if (neverRan) this.inbox.set(undoes, { payload: null, reply: { $type: 'common.v1.Undone' } });
    const reply = this.random.chance(failing) ? failed : this.decide(payload as TripCommand, neverRan);
    this.inbox.set(commandId, { payload: text, reply });
    return reply;
  }

  /** What a trip still has in anybody's books. */
  heldBy(trip: string): string[] {
    const held: string[] = [];
    if (this.reserved.has(trip)) held.push('seats');
    if (this.guided.has(trip)) held.push('guide');
    for (const { by } of this.vouchers.values()) if (by === trip) held.push('voucher');
    if (this.debits.has(trip)) held.push('money');
    return held;
  }

  checkConserved(): void {
    const sum = (numbers: Iterable<number>) => [...numbers].reduce((a, b) => a + b, 0);
    check(this.available >= 0, 'seats were oversold');
    check(this.available + sum(this.reserved.values()) + sum(this.sold.values()) === this.seatsInitial, 'seats were lost or made');
    check(
      [...this.balances.values()].every((balance) => balance >= 0),
      'a balance is negative',
    );
    check(sum(this.balances.values()) + sum(this.debits.values()) === this.charged, 'money was lost or made');
  }

  private balanceOf(traveller: string): number {
    return this.balances.get(traveller) ?? 0;
  }

  /** A new attempt before the old one was definitely answered could take effect twice. */
  private checkAttempt(commandId: string): void {
    const slash = commandId.lastIndexOf('/');
    const attempt = Number(commandId.slice(slash + 1));
    if (attempt > 1)
      check(this.inbox.has(`${commandId.slice(0, slash)}/${attempt - 1}`), `${commandId} came before its former attempt was answered`);
  }

  private decide(command: TripCommand, neverRan: boolean): Reply {
    const trip = command.tripId;
    const isUndo = command.$type.includes('.Release') || command.$type.includes('.Free');
    if (!isUndo) check(!this.closed.has(trip), `${command.$type} took effect after ${trip} had ended`);
    switch (command.$type) {
      case 'trip.v1.ReserveSeats': {
        if (this.available < command.seats) return { $type: 'trip.v1.NoSeats', left: this.available } as Reply;
        this.available -= command.seats;
        this.reserved.set(trip, command.seats);
        return { $type: 'trip.v1.SeatsReserved' };
      }
      case 'trip.v1.ReleaseSeats': {
        check(!this.sold.has(trip), `${trip} was sold and then released`);
        check(!this.guided.has(trip), `${trip} was undone in the wrong order`);
        check(!(neverRan && this.reserved.has(trip)), `${trip} holds seats without a do`);
        this.available += this.reserved.get(trip) ?? 0;
        this.reserved.delete(trip);
        return { $type: 'trip.v1.SeatsReleased' };
      }
      case 'trip.v1.SellSeats': {
        check(this.reserved.has(trip), `${trip} was sold without being reserved`);
        this.sold.set(trip, this.reserved.get(trip)!);
        this.reserved.delete(trip);
        return { $type: 'trip.v1.SeatsSold' };
      }
      case 'trip.v1.HoldVoucher': {
        if (this.vouchers.has(command.voucher)) return { $type: 'trip.v1.VoucherTaken' };
        this.vouchers.set(command.voucher, { by: trip, used: false });
        return { $type: 'trip.v1.VoucherHeld' };
      }
      case 'trip.v1.ReleaseVoucher': {
        const voucher = this.vouchers.get(command.voucher);
        if (voucher?.by !== trip) return { $type: 'trip.v1.VoucherReleased' };
        check(!voucher.used, `${trip} used its voucher and then released it`);
        this.vouchers.delete(command.voucher);
        return { $type: 'trip.v1.VoucherReleased' };
      }
      case 'trip.v1.UseVoucher': {
        const voucher = this.vouchers.get(command.voucher);
        check(voucher?.by === trip && !voucher.used, `${trip} used a voucher that it did not hold`);
        this.vouchers.set(command.voucher, { by: trip, used: true });
        return { $type: 'trip.v1.VoucherUsed' };
      }
      case 'trip.v1.BookGuide':
        this.guided.add(trip);
        return { $type: 'trip.v1.GuideBooked', guide: `guide of ${trip}` } as Reply;
      case 'trip.v1.FreeGuide':
        this.guided.delete(trip);
        return { $type: 'trip.v1.GuideFreed' };
      case 'trip.v1.Debit': {
        const shortBy = command.amount - this.balanceOf(command.traveller);
        if (shortBy > 0) return { $type: 'trip.v1.TooPoor', shortBy } as Reply;
        check(!this.debits.has(trip), `${trip} was paid twice`);
        this.balances.set(command.traveller, -shortBy);
        this.debits.set(trip, command.amount);
        return { $type: 'trip.v1.Debited', at: 7 } as Reply;
      }
    }
  }
}

const failed = { $type: 'common.v1.CommandFailed', reason: 'BROKEN' } as Reply;

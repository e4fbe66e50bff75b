import { ask, keep, keepWith, refuse, saga, waitAgain } from '../src/index.ts';
import type { CommandType, Reply } from '../src/index.ts';

/** The tests' own business: a trip books a seat, perhaps redeems a voucher, books a guide, and is paid now or later. */
export interface Trip {
  readonly tripId: string;
  readonly traveller: string;
  readonly seats: number;
  readonly price: number;
  readonly voucher?: string;
  readonly payLater?: boolean;
  readonly guide?: string;
  readonly paidAt?: number;
}

type Message<Type extends string, Body = unknown> = { readonly $type: `trip.v1.${Type}` } & Body;

export type ReserveSeats = Message<'ReserveSeats', { tripId: string; seats: number }>;
export type SeatsReserved = Message<'SeatsReserved'>;
export type NoSeats = Message<'NoSeats', { left: number }>;
export type ReleaseSeats = Message<'ReleaseSeats', { tripId: string }>;
export type SeatsReleased = Message<'SeatsReleased'>;
export type SellSeats = Message<'SellSeats', { tripId: string }>;
export type SeatsSold = Message<'SeatsSold'>;
export type HoldVoucher = Message<'HoldVoucher', { tripId: string; voucher: string }>;
export type VoucherHeld = Message<'VoucherHeld'>;
export type VoucherTaken = Message<'VoucherTaken'>;
export type ReleaseVoucher = Message<'ReleaseVoucher', { tripId: string; voucher: string }>;
export type VoucherReleased = Message<'VoucherReleased'>;
export type UseVoucher = Message<'UseVoucher', { tripId: string; voucher: string }>;
export type VoucherUsed = Message<'VoucherUsed'>;
export type BookGuide = Message<'BookGuide', { tripId: string }>;
export type GuideBooked = Message<'GuideBooked', { guide: string }>;
export type FreeGuide = Message<'FreeGuide', { tripId: string }>;
export type GuideFreed = Message<'GuideFreed'>;
export type Debit = Message<'Debit', { tripId: string; traveller: string; amount: number }>;
export type Debited = Message<'Debited', { at: number }>;
export type TooPoor = Message<'TooPoor', { shortBy: number }>;
export type CommandFailed = { readonly $type: 'common.v1.CommandFailed'; readonly reason: string };

export type TripCommand =
  | ReserveSeats
  | ReleaseSeats
  | SellSeats
  | HoldVoucher
  | ReleaseVoucher
  | UseVoucher
  | BookGuide
  | FreeGuide
  | Debit;

/** A descriptor as a protocol package would have it; the codec only carries the type. */
export const command = <C extends Reply, R extends Reply>(name: C['$type']): CommandType<C, R> => ({
  name,
  message: { decode: () => never(name) },
  replies: [{ decode: () => never(name) }],
});
const never = (name: string): never => {
  throw new Error(`${name} is never encoded in these tests.`);
};

export const reserveSeats = command<ReserveSeats, SeatsReserved | NoSeats>('trip.v1.ReserveSeats');
export const releaseSeats = command<ReleaseSeats, SeatsReleased>('trip.v1.ReleaseSeats');
export const sellSeats = command<SellSeats, SeatsSold>('trip.v1.SellSeats');
export const holdVoucher = command<HoldVoucher, VoucherHeld | VoucherTaken | CommandFailed>('trip.v1.HoldVoucher');
export const releaseVoucher = command<ReleaseVoucher, VoucherReleased>('trip.v1.ReleaseVoucher');
export const useVoucher = command<UseVoucher, VoucherUsed>('trip.v1.UseVoucher');
export const bookGuide = command<BookGuide, GuideBooked>('trip.v1.BookGuide');
export const freeGuide = command<FreeGuide, GuideFreed>('trip.v1.FreeGuide');
export const debit = command<Debit, Debited | TooPoor>('trip.v1.Debit');

const hasVoucher = ({ voucher }: Trip): boolean => voucher !== undefined;
const isPaidLater = ({ payLater }: Trip): boolean => payLater === true;

export const guideLimitMs = 30_000;
export const payableMs = 100_000;

export const bookTrip = saga<Trip>('book-trip', { version: 1 })
  .stage('reserve', {
    seats: {
      ask: ask(reserveSeats, ({ tripId, seats }) => ({ tripId, seats })),
      undo: ask(releaseSeats, ({ tripId }) => ({ tripId })),
      on: { SeatsReserved: keep, NoSeats: (_, { left }) => refuse('NO_SEATS', { left }) },
    },
    voucher: {
      when: hasVoucher,
      ask: ask(holdVoucher, ({ tripId, voucher }) => ({ tripId, voucher: voucher! })),
      undo: ask(releaseVoucher, ({ tripId, voucher }) => ({ tripId, voucher: voucher! })),
      on: { VoucherHeld: keep, VoucherTaken: refuse('VOUCHER_TAKEN') },
    },
  })
  .stage(
    'guide',
    {
      guide: {
        ask: ask(bookGuide, ({ tripId }) => ({ tripId })),
        undo: ask(freeGuide, ({ tripId }) => ({ tripId })),
        on: { GuideBooked: (trip, { guide }) => keepWith({ ...trip, guide }) },
      },
    },
    { atMostMs: guideLimitMs, otherwise: refuse('NO_GUIDE_IN_TIME') },
  )
  .waitFor('payment', { when: isPaidLater, atMostMs: payableMs, otherwise: refuse('PAYMENT_TIMEOUT') })
  .pivot('pay', {
    ask: ask(debit, ({ tripId, traveller, price }) => ({ tripId, traveller, amount: price })),
    on: {
      Debited: (trip, { at }) => keepWith({ ...trip, paidAt: at }),
      TooPoor: (trip, reply) => (isPaidLater(trip) ? waitAgain('payment', reply) : refuse('TOO_POOR', { shortBy: reply.shortBy })),
    },
  })
  .stage('commit', {
    seats: { ask: ask(sellSeats, ({ tripId }) => ({ tripId })), on: { SeatsSold: keep } },
    voucher: {
      when: hasVoucher,
      ask: ask(useVoucher, ({ tripId, voucher }) => ({ tripId, voucher: voucher! })),
      on: { VoucherUsed: keep },
    },
  })
  .ends({
    completed: ({ tripId, paidAt }, endedAt) => ({ $type: 'trip.v1.TripBooked', tripId, paidAt, endedAt }) as const,
    refused: ({ tripId }, { code }, endedAt) => ({ $type: 'trip.v1.TripRefused', tripId, code, endedAt }) as const,
  });

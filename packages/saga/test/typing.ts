import { ask, begin, keep, keepWith, park, refuse, saga, waitAgain } from '../src/index.ts';
import { bookTrip, debit, releaseSeats, reserveSeats, sellSeats } from './trip.ts';
import type { Trip } from './trip.ts';

// What must not compile. `npm run typecheck` is the test: an expected error that is none fails it.
const reserve = ask(reserveSeats, ({ tripId, seats }: Trip) => ({ tripId, seats }));
const pay = ask(debit, ({ tripId, traveller, price }: Trip) => ({ tripId, traveller, amount: price }));
const sell = ask(sellSeats, ({ tripId }: Trip) => ({ tripId }));
const opening = () => saga<Trip>('typing', { version: 1 });
const payOn = { Debited: keep, TooPoor: refuse('TOO_POOR') } as const;

const wait = { atMostMs: 1, otherwise: refuse('LATE') };
const paid = () => opening().pivot('pay', { ask: pay, on: payOn });
const waited = () => opening().waitFor('payment', wait);

export const everyReplyIsHandled = () => {
  // @ts-expect-error NoSeats is not handled
  opening().stage('reserve', { seats: { ask: reserve, on: { SeatsReserved: keep } } });
  // @ts-expect-error TooPoor is not handled
  opening().pivot('pay', { ask: pay, on: { Debited: keep } });
  // @ts-expect-error SeatsSold is not handled
  paid().stage('commit', { seats: { ask: sell, on: {} } });
};

export const nothingElseIsHandled = () => {
  // @ts-expect-error ReserveSeats cannot be answered by Debited
  opening().stage('reserve', { seats: { ask: reserve, on: { SeatsReserved: keep, NoSeats: keep, Debited: keep } } });
};

export const handlersSeeTheirReply = () => {
  // @ts-expect-error a SeatsReserved has no `left`
  opening().stage('reserve', { seats: { ask: reserve, on: { SeatsReserved: (_, { left }) => refuse('X', left), NoSeats: keep } } });
  // @ts-expect-error the data of a trip cannot be replaced by something else
  opening().stage('reserve', { seats: { ask: reserve, on: { SeatsReserved: () => keepWith({ other: 1 }), NoSeats: keep } } });
};

export const nothingIsRefusedAfterThePivot = () => {
  // @ts-expect-error a commit may not refuse
  paid().stage('commit', { seats: { ask: sell, on: { SeatsSold: refuse('NO') } } });
  paid().stage('commit', { seats: { ask: sell, on: { SeatsSold: park('ODD') } } });
  // @ts-expect-error there is one pivot
  void paid().pivot;
  // @ts-expect-error a saga without a pivot has no point from which on it counts
  void opening().ends;
};

export const onlyTheWaitBeforeThePivotIsWaitedForAgain = () => {
  waited().pivot('pay', { ask: pay, on: { Debited: keep, TooPoor: waitAgain('payment') } });
  // @ts-expect-error no such wait
  waited().pivot('pay', { ask: pay, on: { Debited: keep, TooPoor: waitAgain('other') } });
  // @ts-expect-error no wait before it
  opening().pivot('pay', { ask: pay, on: { Debited: keep, TooPoor: waitAgain('payment') } });
};

export const payloadsFit = () => {
  // @ts-expect-error tripId is missing
  ask(releaseSeats, ({ tripId }: Trip) => ({ trip: tripId }));
  // @ts-expect-error data of another saga
  begin(bookTrip, 'id', { tripId: 1 }, 0);
};

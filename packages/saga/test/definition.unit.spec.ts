import { ask, begin, definitionsOf, keep, refuse, saga, UnknownDefinitionError } from '../src/index.ts';
import type { Definition, LastSegment } from '../src/index.ts';
import { bookTrip, reserveSeats, sellSeats } from './trip.ts';
import type { Trip } from './trip.ts';

const sell = ask(sellSeats, ({ tripId }: Trip) => ({ tripId }));
const step = { ask: sell, on: { SeatsSold: keep } };
const ends = { completed: () => 'done', refused: () => 'refused' };
const trip: Trip = { tripId: 't1', traveller: 'ada', seats: 1, price: 0 };

test('a definition is found by name and version, several versions side by side', () => {
  const second = saga<Trip>('book-trip', { version: 2 }).pivot('pay', step).ends(ends);
  const definitions = definitionsOf(bookTrip, second);
  expect(definitions.find('book-trip', 1)).toBe(bookTrip);
  expect(definitions.find('book-trip', 2)).toBe(second);
});

test('an unknown version says what is known', () => {
  const find = () => definitionsOf(bookTrip).find('book-trip', 3);
  expect(find).toThrow(UnknownDefinitionError);
  expect(find).toThrow("There is no definition 'book-trip' version 3 here; known: book-trip@1.");
});

test('a version is registered once', () => {
  expect(() => definitionsOf(bookTrip, bookTrip)).toThrow("'book-trip@1' is registered twice");
});

test('a name that does not fit into a command id is refused at once', () => {
  const long = () =>
    saga<Trip>('x', { version: 1 }).pivot('pay', step).stage('a-very-long-stage', { seats: step, voucher: step }).ends(ends);
  expect(long).toThrow("'a-very-long-stage.voucher' is longer than the 23 characters");
});

test('names are unique and plain', () => {
  expect(() => saga<Trip>('x', { version: 1 }).pivot('pay', step).stage('pay', { seats: step }).ends(ends)).toThrow(
    "stage 'pay' is there twice",
  );
  expect(() => saga<Trip>('x', { version: 1 }).pivot('pay/1', step).ends(ends)).toThrow("stage 'pay/1' is not a name");
});

test('a pivot that is not needed is passed, and a saga with nothing to do is completed', () => {
  const nothing = saga<Trip>('nothing', { version: 1 })
    .stage('reserve', {
      seats: {
        when: () => false,
        ask: ask(reserveSeats, ({ tripId, seats }) => ({ tripId, seats })),
        on: { SeatsReserved: keep, NoSeats: refuse('NO') },
      },
    })
    .pivot('pay', { when: () => false, ...step })
    .ends(ends);
  expect(begin(nothing, 's1', trip, 5).progress).toMatchObject({ phase: 'completed', endedAt: 5, nextAt: null });
});

test('reply names are the last segments of full type names, and definitions go into one registry', () => {
  const name: LastSegment<'jumun.inventory.v1.StockReserved'> = 'StockReserved';
  const registered: Definition = bookTrip;
  expect([name, registered.name]).toEqual(['StockReserved', 'book-trip']);
});

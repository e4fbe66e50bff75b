import type { Tx } from '@jumun/service-kit';
import { onHand, type Stock } from '../stock.ts';
import {
  END_RESERVATIONS,
  LOCK_RESERVATIONS,
  LOCK_STOCK,
  NEW_RESERVATIONS,
  READ_ON_SALE,
  SALES,
  UPDATE_STOCK,
} from './stock-statements.ts';

export type ReservationStatus = 'RESERVED' | 'RELEASED' | 'COMMITTED';

export interface Reservation {
  readonly orderId: string;
  readonly optionId: string;
  readonly quantity: number;
  readonly status: ReservationStatus;
}

/** What the sale of an option is judged by. */
export interface OptionOnSale {
  readonly optionId: string;
  readonly productId: string;
  /** ON_SALE, SUSPENDED, PREPARING, or DELETED. */
  readonly status: string;
}

interface Sale {
  readonly optionId: string;
  readonly units: number;
  readonly onHandAfter: number;
  readonly orderId: string;
}

const keyOf = ({ orderId, optionId }: Pick<Reservation, 'orderId' | 'optionId'>): string => `${orderId} ${optionId}`;
const sortedIds = (ids: readonly string[]): string => JSON.stringify([...new Set(ids)].sort());

/** The rows that a batch of commands touches: locked once, changed in memory command by command, written with one statement a table. */
export class StockBook {
  readonly #stock = new Map<string, Stock>();
  readonly #onSale = new Map<string, OptionOnSale>();
  readonly #byOrder = new Map<string, Map<string, Reservation>>();
  readonly #changedStock = new Set<string>();
  readonly #made = new Map<string, Reservation>();
  readonly #ended = new Map<string, Reservation>();
  readonly #sales: Sale[] = [];

  /** A book of rows that are locked, or of a test. */
  constructor(stock: readonly Stock[], onSale: readonly OptionOnSale[], reservations: readonly Reservation[]) {
    for (const row of stock) this.#stock.set(row.optionId, row);
    for (const option of onSale) this.#onSale.set(option.optionId, option);
    for (const reservation of reservations) this.#put(reservation);
  }

  /**
   * Locks what the given orders hold, then the stock of the given options, each in the order of keys, so that two batches never wait for
   * each other in a circle. All statements go out together.
   */
  static async load(tx: Tx, orderIds: readonly string[], optionIds: readonly string[]): Promise<StockBook> {
    const options = sortedIds(optionIds);
    const [reservations, stock, onSale] = await Promise.all([
      tx.query<Reservation>(LOCK_RESERVATIONS, [sortedIds(orderIds)]),
      tx.query<Stock>(LOCK_STOCK, [options]),
      tx.query<OptionOnSale>(READ_ON_SALE, [options]),
    ]);
    return new StockBook(stock, onSale, reservations);
  }

  #put(reservation: Reservation): void {
    const held = this.#byOrder.get(reservation.orderId);
    if (held === undefined) this.#byOrder.set(reservation.orderId, new Map([[reservation.optionId, reservation]]));
    else held.set(reservation.optionId, reservation);
  }

  stockOf(optionId: string): Stock | undefined {
    return this.#stock.get(optionId);
  }

  optionOnSale(optionId: string): OptionOnSale | undefined {
    return this.#onSale.get(optionId);
  }

  /** What the order has reserved, ended reservations included. */
  heldBy(orderId: string): readonly Reservation[] {
    return [...(this.#byOrder.get(orderId)?.values() ?? [])];
  }

  /** Changes an option's units; `change` is a pure function of the domain. */
  change(optionId: string, change: (stock: Stock) => Stock): Stock {
    const before = this.#stock.get(optionId);
    if (before === undefined) throw new Error(`the stock of option ${optionId} was not locked: the command did not name it`);
    const after = change(before);
    this.#stock.set(optionId, after);
    this.#changedStock.add(optionId);
    return after;
  }

  addReservation(reservation: Reservation): void {
    this.#put(reservation);
    this.#made.set(keyOf(reservation), reservation);
  }

  endReservation(reservation: Reservation, status: 'RELEASED' | 'COMMITTED'): void {
    const ended = { ...reservation, status };
    this.#put(ended);
    // One that this batch made is not in its table yet: it is inserted with its last status.
    (this.#made.has(keyOf(ended)) ? this.#made : this.#ended).set(keyOf(ended), ended);
  }

  addSale(orderId: string, after: Stock, units: number): void {
    this.#sales.push({ optionId: after.optionId, units, onHandAfter: onHand(after), orderId });
  }

  /** Sends all writes together and checks that every row was there. */
  async save(tx: Tx): Promise<void> {
    const stock = [...this.#changedStock].sort().map((id) => {
      const { available, reserved, sold, version } = this.#stock.get(id) as Stock;
      return [id, available, reserved, sold, version];
    });
    const rowOf = ({ orderId, optionId, quantity, status }: Reservation): unknown[] => [orderId, optionId, quantity, status];
    const inKeyOrder = (reservations: ReadonlyMap<string, Reservation>): unknown[][] =>
      [...reservations].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, reservation]) => rowOf(reservation));
    const made = inKeyOrder(this.#made).map((row) => [...row, row[3] === 'RESERVED' ? null : new Date()]);
    const sales = this.#sales.map(({ optionId, units, onHandAfter, orderId }) => [optionId, 'SALE', -units, onHandAfter, orderId, orderId]);
    await Promise.all([
      update(tx, 'stock', UPDATE_STOCK, stock),
      update(tx, 'reservations', END_RESERVATIONS, inKeyOrder(this.#ended)),
      tx.insert(NEW_RESERVATIONS, made),
      tx.insert(SALES, sales),
    ]);
  }
}

const update = async (tx: Tx, what: string, statement: string, rows: readonly unknown[][]): Promise<void> => {
  if (rows.length === 0) return;
  const { affectedRows } = await tx.execute(statement, [JSON.stringify(rows)]);
  if (affectedRows !== rows.length) throw new Error(`${what}: wrote ${affectedRows} rows of ${rows.length}`);
};

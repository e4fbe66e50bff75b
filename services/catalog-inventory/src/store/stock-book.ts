import type { Tx } from '@jumun/service-kit';
import { onHand, type Stock } from '../stock.ts';

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
  readonly onSale: boolean;
}

interface Movement {
  readonly optionId: string;
  readonly delta: number;
  readonly onHandAfter: number;
  readonly orderId: string;
}

// Rows are always locked in the order of their keys: reservations first, then stock. So two batches never wait for each other in a circle.
const LOCK_RESERVATIONS = `
  SELECT order_id AS orderId, option_id AS optionId, quantity, status
    FROM reservations WHERE order_id IN (?) ORDER BY order_id, option_id FOR UPDATE`;

/** A hot option is one lock a batch, not one an order. */
const LOCK_STOCK = `
  SELECT option_id AS optionId, product_id AS productId, available, reserved, sold, version
    FROM stock FORCE INDEX (PRIMARY) WHERE option_id IN (?) ORDER BY option_id FOR UPDATE`;

const READ_ON_SALE = `
  SELECT o.id AS optionId, o.product_id AS productId, (p.status = 'ON_SALE' AND p.deleted_at IS NULL) AS onSale
    FROM product_options o JOIN products p ON p.id = o.product_id WHERE o.id IN (?)`;

export const UPDATE_STOCK = `
  UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id CHAR(36) CHARACTER SET ascii PATH '$[0]', available BIGINT PATH '$[1]', reserved BIGINT PATH '$[2]', sold BIGINT PATH '$[3]', version BIGINT PATH '$[4]')) j
  STRAIGHT_JOIN stock s FORCE INDEX (PRIMARY) ON s.option_id = j.id
     SET s.available = j.available, s.reserved = j.reserved, s.sold = j.sold, s.version = j.version`;

const RESERVATION_COLUMNS = `JSON_TABLE(?, '$[*]' COLUMNS (
    order_id CHAR(36) CHARACTER SET ascii PATH '$[0]', option_id CHAR(36) CHARACTER SET ascii PATH '$[1]', quantity BIGINT PATH '$[2]', status VARCHAR(16) CHARACTER SET ascii PATH '$[3]')) j`;

const INSERT_RESERVATIONS = `
  INSERT INTO reservations (order_id, option_id, quantity, status)
  SELECT j.order_id, j.option_id, j.quantity, j.status FROM ${RESERVATION_COLUMNS} ORDER BY j.order_id, j.option_id`;

export const END_RESERVATIONS = `
  UPDATE ${RESERVATION_COLUMNS}
  STRAIGHT_JOIN reservations r FORCE INDEX (PRIMARY) ON r.order_id = j.order_id AND r.option_id = j.option_id
     SET r.status = j.status, r.ended_at = UTC_TIMESTAMP(3)`;

const INSERT_SALES = `
  INSERT INTO stock_movements (option_id, type, delta, on_hand_after, cause_id, order_id)
  SELECT j.option_id, 'SALE', j.delta, j.on_hand_after, j.order_id, j.order_id
    FROM JSON_TABLE(?, '$[*]' COLUMNS (option_id CHAR(36) CHARACTER SET ascii PATH '$[0]', delta BIGINT PATH '$[1]', on_hand_after BIGINT PATH '$[2]', order_id CHAR(36) CHARACTER SET ascii PATH '$[3]')) j`;

const keyOf = (orderId: string, optionId: string): string => `${orderId} ${optionId}`;

/** The rows that a batch of commands touches: locked once, changed in memory command by command, written with one statement a table. */
export class StockBook {
  readonly #stock = new Map<string, Stock>();
  readonly #onSale = new Map<string, OptionOnSale>();
  readonly #byOrder = new Map<string, Reservation[]>();
  readonly #changedStock = new Set<string>();
  readonly #made = new Set<string>();
  readonly #ended = new Set<string>();
  readonly #sales: Movement[] = [];

  /** Locks what the given orders hold, and the given options. All statements go out together. */
  static async load(tx: Tx, orderIds: readonly string[], optionIds: readonly string[]): Promise<StockBook> {
    const book = new StockBook();
    const options = [...new Set(optionIds)].sort();
    const [reservations, stock, onSale] = await Promise.all([
      tx.query<Reservation>(LOCK_RESERVATIONS, [[...new Set(orderIds)].sort()]),
      options.length === 0 ? [] : tx.query<Stock>(LOCK_STOCK, [options]),
      options.length === 0 ? [] : tx.query<OptionOnSale>(READ_ON_SALE, [options]),
    ]);
    for (const reservation of reservations) book.#put(reservation);
    for (const row of stock) book.#stock.set(row.optionId, row);
    for (const option of onSale) book.#onSale.set(option.optionId, { ...option, onSale: Boolean(option.onSale) });
    return book;
  }

  #put(reservation: Reservation): void {
    const others = (this.#byOrder.get(reservation.orderId) ?? []).filter(({ optionId }) => optionId !== reservation.optionId);
    this.#byOrder.set(reservation.orderId, [...others, reservation]);
  }

  stockOf(optionId: string): Stock | undefined {
    return this.#stock.get(optionId);
  }

  optionOnSale(optionId: string): OptionOnSale | undefined {
    return this.#onSale.get(optionId);
  }

  heldBy(orderId: string): readonly Reservation[] {
    return this.#byOrder.get(orderId) ?? [];
  }

  /** Changes an option's units; `change` is a pure function of the domain. */
  change(optionId: string, change: (stock: Stock) => Stock): Stock {
    const before = this.#stock.get(optionId);
    if (before === undefined) throw new Error(`stock of option ${optionId} was not locked`);
    const after = change(before);
    this.#stock.set(optionId, after);
    this.#changedStock.add(optionId);
    return after;
  }

  addReservation(reservation: Reservation): void {
    this.#put(reservation);
    this.#made.add(keyOf(reservation.orderId, reservation.optionId));
  }

  endReservation({ orderId, optionId, quantity }: Reservation, status: 'RELEASED' | 'COMMITTED'): void {
    this.#put({ orderId, optionId, quantity, status });
    this.#ended.add(keyOf(orderId, optionId));
  }

  addSale(orderId: string, stock: Stock, quantity: number): void {
    this.#sales.push({ optionId: stock.optionId, delta: -quantity, onHandAfter: onHand(stock), orderId });
  }

  /** Sends all writes together and checks that every row was there. */
  async save(tx: Tx): Promise<void> {
    const rows = (keys: ReadonlySet<string>): unknown[][] =>
      [...this.#byOrder.values()]
        .flat()
        .filter(({ orderId, optionId }) => keys.has(keyOf(orderId, optionId)))
        .sort((a, b) => (keyOf(a.orderId, a.optionId) < keyOf(b.orderId, b.optionId) ? -1 : 1))
        .map(({ orderId, optionId, quantity, status }) => [orderId, optionId, quantity, status]);
    const stock = [...this.#changedStock].sort().map((id) => {
      const { available, reserved, sold, version } = this.#stock.get(id) as Stock;
      return [id, available, reserved, sold, version];
    });
    const made = rows(this.#made); // one that a batch both makes and ends is inserted with its last status
    const ended = rows(new Set([...this.#ended].filter((key) => !this.#made.has(key))));
    const sales = this.#sales.map(({ optionId, delta, onHandAfter, orderId }) => [optionId, delta, onHandAfter, orderId]);
    const write = (statement: string, values: unknown[][]): Promise<number> =>
      values.length === 0 ? Promise.resolve(0) : tx.execute(statement, [JSON.stringify(values)]).then(({ affectedRows }) => affectedRows);
    const written = await Promise.all([
      write(UPDATE_STOCK, stock),
      write(INSERT_RESERVATIONS, made),
      write(END_RESERVATIONS, ended),
      write(INSERT_SALES, sales),
    ]);
    const expected = [stock.length, made.length, ended.length, sales.length];
    if (written.some((count, index) => count !== expected[index]))
      throw new Error(`wrote ${written.join('/')} rows of ${expected.join('/')}`);
  }
}

import { canBeId, changeRows, type Tx } from '@jumun/service-kit';
import { onHand, type Stock } from '../stock.ts';
import {
  END_RESERVATIONS,
  LOCK_RESERVATIONS,
  LOCK_STOCK,
  NEW_RESERVATIONS,
  NEW_VALUES,
  READ_PRODUCTS,
  SALES,
  STOCK,
} from './stock-statements.ts';

type Ended = 'RELEASED' | 'COMMITTED';
export type ReservationStatus = 'RESERVED' | Ended;

export interface Reservation {
  readonly orderId: string;
  readonly optionId: string;
  readonly quantity: number;
  readonly status: ReservationStatus;
}

/** What the sale of a product's options is judged by. */
export interface ProductOnSale {
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
const sortedIds = (ids: readonly string[]): string[] => [...new Set(ids)].filter(canBeId).sort();

/** Which rows a batch of commands needs. */
export interface Needs {
  /** Orders that end what they hold. One that reserves has nothing yet. */
  readonly holders: readonly string[];
  /** Options whose units change. */
  readonly optionIds: readonly string[];
  /** Products whose sale has to be judged: of what is reserved, and never later. */
  readonly productIds: readonly string[];
}

/** The rows that a batch of commands touches: locked once, changed in memory command by command, written with one statement per table. */
export class StockBook {
  readonly #stock = new Map<string, Stock>();
  readonly #products = new Map<string, ProductOnSale>();
  readonly #byOrder = new Map<string, Map<string, Reservation>>();
  readonly #changedStock = new Set<string>();
  readonly #made = new Map<string, Reservation>();
  readonly #ended: Readonly<Record<Ended, Map<string, Reservation>>> = { RELEASED: new Map(), COMMITTED: new Map() };
  readonly #sales: Sale[] = [];

  /** A book of rows that are locked, or of a test. */
  constructor(stock: readonly Stock[], products: readonly ProductOnSale[], reservations: readonly Reservation[]) {
    for (const row of stock) this.#stock.set(row.optionId, row);
    for (const product of products) this.#products.set(product.productId, product);
    for (const reservation of reservations) this.#put(reservation);
  }

  /**
   * Locks what the holders hold, then the stock, each in the order of keys, so that two batches never wait for each other in a circle. All
   * statements go out together. That an order which reserves has not done so before is not asked here: the key of the inbox keeps out
   * its command coming twice, and the key of the reservations a second one.
   */
  static async load(tx: Tx, { holders, optionIds, productIds }: Needs): Promise<StockBook> {
    const [orders, options, products] = [sortedIds(holders), sortedIds(optionIds), sortedIds(productIds)];
    const [reservations, stock, onSale] = await Promise.all([
      orders.length === 0 ? [] : tx.query<Reservation>(LOCK_RESERVATIONS, [JSON.stringify(orders)]),
      options.length === 0 ? [] : tx.query<Stock>(LOCK_STOCK, [options]),
      products.length === 0 ? [] : tx.query<ProductOnSale>(READ_PRODUCTS, [products]),
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

  /** The status of the option's product, if that is the one that was named; undefined when there is no such option of it. */
  statusOf({ productId, optionId }: { readonly productId: string; readonly optionId: string }): string | undefined {
    return this.#stock.get(optionId)?.productId === productId ? this.#products.get(productId)?.status : undefined;
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

  /** Ends one reservation of an order, whose others end with it. */
  endReservation(reservation: Reservation, status: Ended): void {
    const ended = { ...reservation, status };
    this.#put(ended);
    // One that this batch made is not in its table yet: it is inserted with its last status.
    (this.#made.has(keyOf(ended)) ? this.#made : this.#ended[status]).set(keyOf(ended), ended);
  }

  addSale(orderId: string, after: Stock, units: number): void {
    this.#sales.push({ optionId: after.optionId, units, onHandAfter: onHand(after), orderId });
  }

  /** Sends all writes together and checks that every row was there. */
  async save(tx: Tx): Promise<void> {
    const stock = [...this.#changedStock].sort().map((id) => {
      const { productId, available, reserved, sold, version } = this.#stock.get(id) as Stock;
      return [id, productId, available, reserved, sold, version];
    });
    const made = [...this.#made]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { orderId, optionId, quantity, status }]) => [
        orderId,
        optionId,
        quantity,
        status,
        status === 'RESERVED' ? null : new Date(),
      ]);
    const sales = this.#sales.map(({ optionId, units, onHandAfter, orderId }) => [optionId, 'SALE', -units, onHandAfter, orderId, orderId]);
    await Promise.all([
      writeStock(tx, stock),
      end(tx, 'RELEASED', this.#ended.RELEASED),
      end(tx, 'COMMITTED', this.#ended.COMMITTED),
      tx.insert(NEW_RESERVATIONS, made),
      tx.insert(SALES, sales),
    ]);
  }
}

/** The rows are there and locked. */
const writeStock = async (tx: Tx, rows: readonly unknown[][]): Promise<void> => {
  const unchanged = await changeRows(tx, STOCK, rows, NEW_VALUES);
  if (unchanged !== 0) throw new Error(`stock: ${unchanged} of ${rows.length} rows were not changed`);
};

const end = async (tx: Tx, status: Ended, ended: ReadonlyMap<string, Reservation>): Promise<void> => {
  if (ended.size === 0) return;
  const orderIds = sortedIds([...ended.values()].map(({ orderId }) => orderId));
  const { affectedRows } = await tx.execute(END_RESERVATIONS, [status, orderIds]);
  if (affectedRows !== ended.size) throw new Error(`reservations: ended ${affectedRows} rows of ${ended.size}`);
};

import type { inventory, refusals } from '@jumun/protos';
import { addUp, commit, type Line, release, reserve, shortages } from '../stock.ts';
import type { Reservation, StockBook } from '../store/stock-book.ts';

type NotForSale = refusals.ProductNotFound | refusals.ProductNotOnSale;

/** The first line whose product cannot be sold, as customers see it: what is hidden from them is not there. */
const notForSale = (book: StockBook, lines: readonly Line[]): NotForSale | undefined => {
  for (const line of lines) {
    const status = book.statusOf(line);
    const { productId } = line;
    if (status === undefined || status === 'DELETED' || status === 'PREPARING')
      return { $type: 'jumun.refusals.v1.ProductNotFound', productId };
    if (status !== 'ON_SALE') return { $type: 'jumun.refusals.v1.ProductNotOnSale', productId };
  }
  return undefined;
};

/** Reserves all lines of an order, or says why not and changes nothing. Whether a product is on sale is judged here and never later. */
export const decideReserve = (
  book: StockBook,
  { orderId, lines }: inventory.ReserveStock,
): inventory.StockReserved | refusals.OutOfStock | NotForSale => {
  if (lines.length === 0 || lines.some(({ quantity }) => quantity < 1)) throw new Error(`order ${orderId} reserves no units`);
  if (book.heldBy(orderId).length > 0) throw new Error(`order ${orderId} has reserved before, by another command`);
  const wanted = addUp(lines);
  const refused = notForSale(book, wanted);
  if (refused !== undefined) return refused;
  const short = shortages(wanted, (optionId) => book.stockOf(optionId)?.available);
  if (short.length > 0) return { $type: 'jumun.refusals.v1.OutOfStock', shortages: short };
  for (const { optionId, quantity } of wanted) {
    book.change(optionId, (stock) => reserve(stock, quantity));
    book.addReservation({ orderId, optionId, quantity, status: 'RESERVED' });
  }
  return { $type: 'jumun.inventory.v1.StockReserved' };
};

/** Looks before anything is changed: a command that fails half way must leave the book of its batch as it was. */
const needLocked = (book: StockBook, held: readonly Reservation[]): void => {
  const missing = held.find(({ status, optionId }) => status === 'RESERVED' && book.stockOf(optionId) === undefined);
  if (missing !== undefined) throw new Error(`the command does not name option ${missing.optionId}, which order ${missing.orderId} holds`);
};

/** Gives back whatever the order still holds: nothing, when its reservation never came about. */
export const decideRelease = (book: StockBook, { orderId }: inventory.ReleaseStock): inventory.StockReleased => {
  const held = book.heldBy(orderId);
  if (held.some(({ status }) => status === 'COMMITTED'))
    throw new Error(`order ${orderId} has bought its units: they are not to be released`);
  needLocked(book, held);
  for (const reservation of held) {
    if (reservation.status !== 'RESERVED') continue;
    book.change(reservation.optionId, (stock) => release(stock, reservation.quantity));
    book.endReservation(reservation, 'RELEASED');
  }
  return { $type: 'jumun.inventory.v1.StockReleased' };
};

/** Sells what the order holds; of what is sold already it says so again. It may not refuse: the order is paid. */
export const decideCommit = (book: StockBook, { orderId }: inventory.CommitStock): inventory.StockCommitted => {
  const held = book.heldBy(orderId);
  if (held.length === 0 || held.some(({ status }) => status === 'RELEASED'))
    throw new Error(`order ${orderId} is paid, but holds no stock`);
  needLocked(book, held);
  for (const reservation of held) {
    if (reservation.status !== 'RESERVED') continue;
    const after = book.change(reservation.optionId, (stock) => commit(stock, reservation.quantity));
    book.addSale(orderId, after, reservation.quantity);
    book.endReservation(reservation, 'COMMITTED');
  }
  return { $type: 'jumun.inventory.v1.StockCommitted' };
};

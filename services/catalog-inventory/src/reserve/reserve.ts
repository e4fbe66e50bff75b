import { inventory, refusals } from '@jumun/protos';
import { addUp, commit, release, reserve, shortages } from '../stock.ts';
import type { StockBook } from '../store/stock-book.ts';

/** Reserves all lines of an order, or says why not and changes nothing. Whether a product is on sale is judged here and never later. */
export const decideReserve = (
  book: StockBook,
  { orderId, lines }: inventory.ReserveStock,
): inventory.StockReserved | refusals.OutOfStock | refusals.ProductNotOnSale | refusals.ProductNotFound => {
  const wanted = addUp(lines);
  for (const { optionId, productId } of wanted) {
    const option = book.optionOnSale(optionId);
    if (option === undefined) return refusals.ProductNotFound.fromPartial({ productId });
    if (!option.onSale) return refusals.ProductNotOnSale.fromPartial({ productId });
  }
  const short = shortages(wanted, (optionId) => book.stockOf(optionId)?.available);
  if (short.length > 0) return refusals.OutOfStock.fromPartial({ shortages: short });
  for (const { optionId, quantity } of wanted) {
    book.change(optionId, (stock) => reserve(stock, quantity));
    book.addReservation({ orderId, optionId, quantity, status: 'RESERVED' });
  }
  return inventory.StockReserved.fromPartial({});
};

/** Gives back whatever the order still holds: nothing, when its reservation never came about. */
export const decideRelease = (book: StockBook, { orderId }: inventory.ReleaseStock): inventory.StockReleased => {
  for (const reservation of book.heldBy(orderId)) {
    if (reservation.status !== 'RESERVED') continue;
    book.change(reservation.optionId, (stock) => release(stock, reservation.quantity));
    book.endReservation(reservation, 'RELEASED');
  }
  return inventory.StockReleased.fromPartial({});
};

/** Sells what the order holds. It may not refuse: the order is paid. */
export const decideCommit = (book: StockBook, { orderId }: inventory.CommitStock): inventory.StockCommitted => {
  const held = book.heldBy(orderId);
  if (!held.some(({ status }) => status !== 'RELEASED')) throw new Error(`order ${orderId} is paid, but holds no stock`);
  for (const reservation of held) {
    if (reservation.status !== 'RESERVED') continue;
    const after = book.change(reservation.optionId, (stock) => commit(stock, reservation.quantity));
    book.addSale(orderId, after, reservation.quantity);
    book.endReservation(reservation, 'COMMITTED');
  }
  return inventory.StockCommitted.fromPartial({});
};

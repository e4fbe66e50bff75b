import { participant } from '@jumun/messaging';
import type { inventory, refusals } from '@jumun/protos';
import { StockBook } from '../store/stock-book.ts';
import { decideCommit, decideRelease, decideReserve } from './reserve.ts';

type Command = inventory.ReserveStock | inventory.ReleaseStock | inventory.CommitStock;
type Reply =
  | inventory.StockReserved
  | inventory.StockReleased
  | inventory.StockCommitted
  | refusals.OutOfStock
  | refusals.ProductNotOnSale
  | refusals.ProductNotFound;

const optionsOf = (command: Command): readonly string[] =>
  command.$type === 'jumun.inventory.v1.ReserveStock' ? command.lines.map(({ optionId }) => optionId) : command.optionIds;

/** Inventory's part in an order. */
export const stockParticipant = participant<StockBook, Command, Reply>({
  load: (tx, commands) =>
    StockBook.load(
      tx,
      commands.map(({ orderId }) => orderId),
      commands.flatMap(optionsOf),
    ),
  decide: {
    'jumun.inventory.v1.ReserveStock': decideReserve,
    'jumun.inventory.v1.ReleaseStock': decideRelease,
    'jumun.inventory.v1.CommitStock': decideCommit,
  },
  save: (tx, book) => book.save(tx),
});

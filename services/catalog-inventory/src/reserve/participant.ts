import { participant } from '@jumun/messaging';
import type { inventory, refusals } from '@jumun/protos';
import { type Needs, StockBook } from '../store/stock-book.ts';
import { decideCommit, decideRelease, decideReserve } from './reserve.ts';

type Command = inventory.ReserveStock | inventory.ReleaseStock | inventory.CommitStock;
type Reply =
  | inventory.StockReserved
  | inventory.StockReleased
  | inventory.StockCommitted
  | refusals.OutOfStock
  | refusals.ProductNotOnSale
  | refusals.ProductNotFound;

/** What the commands concern: orders that reserve name products to be judged, the others hold what is to be ended. */
export const needsOf = (commands: readonly Command[]): Needs => {
  const [holders, optionIds, productIds]: [string[], string[], string[]] = [[], [], []];
  for (const command of commands)
    if (command.$type === 'jumun.inventory.v1.ReserveStock')
      for (const line of command.lines) {
        optionIds.push(line.optionId);
        productIds.push(line.productId);
      }
    else {
      holders.push(command.orderId);
      optionIds.push(...command.optionIds);
    }
  return { holders, optionIds, productIds };
};

/** Inventory's part in an order. */
export const stockParticipant = participant<StockBook, Command, Reply>({
  load: (tx, commands) => StockBook.load(tx, needsOf(commands)),
  decide: {
    'jumun.inventory.v1.ReserveStock': decideReserve,
    'jumun.inventory.v1.ReleaseStock': decideRelease,
    'jumun.inventory.v1.CommitStock': decideCommit,
  },
  save: (tx, book) => book.save(tx),
});

import type { Outbox, OutMessage } from '@jumun/messaging';
import { catalog, inventory, keyRefusals, refusal, type refusals, topicNames } from '@jumun/protos';
import {
  type AfterCommit,
  canBeId,
  childTraceparent,
  type Database,
  jsonCodec,
  newId,
  once,
  type Outcome,
  type Tx,
} from '@jumun/service-kit';
import { adjust, ON_HAND_MAX, onHand, type Stock } from '../stock.ts';
import { lockOption, writeAdjustment } from '../store/adjustments.ts';

type Call = catalog.AdjustStockRequest;
type Refused = { readonly refused: refusals.Refusal };
type Result = Outcome<catalog.StockLevel, refusals.Refusal>;

const adjusted = ({ optionId, delta, reason }: Call, after: Stock): OutMessage => ({
  topic: topicNames.inventoryEvents,
  key: optionId,
  id: newId(),
  payload: inventory.StockAdjusted.fromPartial({
    optionId,
    productId: after.productId,
    delta,
    onHand: onHand(after),
    reserved: after.reserved,
    reason,
    version: after.version,
  }),
  traceparent: childTraceparent(),
});

const tooMuch = refusal('invalidRequest', { errors: [{ path: '/delta', message: `would put more than ${ON_HAND_MAX} units on hand` }] });

/** Corrects what is on hand by `delta` units. What orders have reserved cannot be taken away. */
export const adjustStock = async ({ db, outbox }: { db: Database; outbox: Outbox }, call: Call): Promise<Result> => {
  const decide = async (tx: Tx, adjustmentId: string, afterCommit: AfterCommit): Promise<catalog.StockLevel | Refused> => {
    const { optionId, delta, reason } = call;
    const before = canBeId(optionId) ? await lockOption(tx, optionId) : undefined;
    if (before === undefined) return { refused: refusal('optionNotFound') };
    const after = adjust(before, delta);
    if (after === 'below reserved') return { refused: refusal('stockReserved', { reserved: before.reserved }) };
    if (after === 'too much') return { refused: tooMuch };
    writeAdjustment(tx, after, { id: adjustmentId, delta, reason });
    const messages = [adjusted(call, after)];
    void outbox.add(tx, messages);
    afterCommit(() => void outbox.flush(messages));
    return catalog.StockLevel.fromPartial({ optionId, stock: after.available, onHand: onHand(after), reserved: after.reserved });
  };
  return once(db, { key: call.idempotency, run: decide, codec: jsonCodec(catalog.StockLevel), ...keyRefusals });
};

import type { Outbox, OutMessage } from '@jumun/messaging';
import { catalog, inventory, refusal, type refusals, topicNames } from '@jumun/protos';
import { childTraceparent, type Database, faultPoint, newId, onceEach, type Outcome, type Tx } from '@jumun/service-kit';
import { adjust, onHand, type Stock } from '../stock.ts';

/** Units that an option may have on hand. */
export const ON_HAND_MAX = 1_000_000_000;

type Call = catalog.AdjustStockRequest;
type Result = Outcome<catalog.StockLevel, refusals.Refusal>;

const LOCK = `
  SELECT s.option_id AS optionId, s.product_id AS productId, s.available, s.reserved, s.sold, s.version
    FROM stock s JOIN products p ON p.id = s.product_id WHERE s.option_id = ? AND p.deleted_at IS NULL FOR UPDATE`;
const UPDATE = 'UPDATE stock SET available = ?, version = ? WHERE option_id = ?';
const INSERT_MOVEMENT =
  "INSERT INTO stock_movements (option_id, type, delta, on_hand_after, cause_id, reason) VALUES (?, 'ADJUSTMENT', ?, ?, ?, ?)";

const codec = {
  encode: (level: catalog.StockLevel): string => JSON.stringify(catalog.StockLevel.toJSON(level)),
  decode: (stored: string): catalog.StockLevel => catalog.StockLevel.fromJSON(JSON.parse(stored)),
};

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
  let events: OutMessage[] = [];
  const decide = async (
    tx: Tx,
    { optionId, delta, reason }: Call,
    adjustmentId: string,
  ): Promise<catalog.StockLevel | { refused: refusals.Refusal }> => {
    const [before] = await tx.query<Stock>(LOCK, [optionId]);
    if (before === undefined) return { refused: refusal('optionNotFound') };
    const after = adjust(before, delta);
    if (after === null) return { refused: refusal('stockReserved', { reserved: before.reserved }) };
    if (onHand(after) > ON_HAND_MAX) return { refused: tooMuch };
    events = [adjusted(call, after)];
    void tx.execute(UPDATE, [after.available, after.version, optionId]);
    void tx.execute(INSERT_MOVEMENT, [optionId, delta, onHand(after), adjustmentId, reason]);
    void outbox.add(tx, events);
    return catalog.StockLevel.fromPartial({ optionId, stock: after.available, onHand: onHand(after), reserved: after.reserved });
  };
  const [outcome] = await onceEach<Call, catalog.StockLevel, refusals.Refusal>(db, [call], {
    keyOf: ({ idempotency }) => idempotency,
    run: async (tx, calls) => {
      events = [];
      return Promise.all(calls.map(({ call: fresh, effectId }) => decide(tx, fresh, effectId)));
    },
    codec,
    reused: refusal('idempotencyKeyReused'),
    inProgress: refusal('idempotencyInProgress'),
  });
  await faultPoint('adjust:committed-not-answered');
  outbox.flush(events);
  return outcome as Result;
};

import { type orders, refusal, type refusals } from '@jumun/protos';
import { begin, messagesOf, type Message, type Pace, type Progress } from '@jumun/saga';
import {
  claimKeys,
  type Database,
  faultPoint,
  findKeys,
  idempotencyName,
  type IdempotencyKey,
  monotonicMs,
  newId,
} from '@jumun/service-kit';
import type { PlacedOrder } from '../order.ts';
import { placeOrder } from '../place-order.ts';
import type { Quote, Quoting } from '../quote/quote.ts';
import { insertAccepted } from '../store/accepted.ts';

/** A quote older than this is asked again: prices and balances have moved on. */
const QUOTE_AGE_MAX_MS = 2_000;

/** What acceptance makes of a call: an order (of now, or of an earlier call with the same key), or a refusal that left nothing behind. */
export type Accepted = { readonly orderId: string; readonly replayed: boolean } | { readonly refused: refusals.Refusal };

export interface AcceptParts {
  readonly db: Database;
  readonly quote: Quoting;
  /** Sends the first commands. Called after the commit and not waited for: should it fail, the sweep sends them. */
  readonly send: (messages: readonly Message[], calls: ReadonlyMap<string, orders.PlaceOrder>) => void;
  readonly pace: Pace;
}

const keyOf = ({ idempotency }: orders.PlaceOrder): IdempotencyKey => idempotency as IdempotencyKey;
const nameOf = (call: orders.PlaceOrder): string => idempotencyName(keyOf(call));

const storedAnswer = (call: orders.PlaceOrder, row: { effectId: string; fingerprint: string }): Accepted =>
  row.fingerprint === keyOf(call).fingerprint ? { orderId: row.effectId, replayed: true } : { refused: refusal('idempotencyKeyReused') };

const placed = (
  id: string,
  { userId, couponId }: orders.PlaceOrder,
  quote: Exclude<Quote, { refused: refusals.Refusal }>,
): PlacedOrder => ({
  id,
  userId,
  ...quote,
  ...(couponId !== undefined && { couponId }),
  createdAt: Date.now(),
});

/** Order, lines, saga and key in one transaction. A rival that was faster with the same key keeps it, and the call gets the rival's order. */
const write = async (
  { db, pace, send }: AcceptParts,
  calls: readonly orders.PlaceOrder[],
  quotes: readonly Quote[],
): Promise<Accepted[]> => {
  const candidates = calls.map((call, index) => {
    const quote = quotes[index] as Quote;
    return 'refused' in quote ? { call, refused: quote.refused } : { call, order: placed(newId(), call, quote) };
  });
  const hopeful = candidates.flatMap(({ call, order }) => (order === undefined ? [] : [{ call, order }]));
  let mine: Progress<PlacedOrder>[] = [];
  const rows =
    hopeful.length === 0
      ? new Map<string, { effectId: string; fingerprint: string }>()
      : await db.transaction(async (tx) => {
          const claimed = await claimKeys(
            tx,
            hopeful.map(({ call, order }) => ({ ...keyOf(call), effectId: order.id })),
          );
          mine = hopeful
            .filter(({ call, order }) => claimed.get(nameOf(call))?.effectId === order.id)
            .map(({ order }) => begin(placeOrder, order.id, order, order.createdAt, pace).progress);
          if (mine.length > 0) await insertAccepted(tx, mine);
          await faultPoint('accept:written-not-committed');
          return claimed;
        });
  await faultPoint('accept:committed-not-sent');
  const byOrder = new Map(hopeful.map(({ call, order }) => [order.id, call]));
  if (mine.length > 0)
    send(
      mine.flatMap((progress) => messagesOf(placeOrder, progress)),
      byOrder,
    );
  return candidates.map(({ call, order, refused }): Accepted => {
    if (order === undefined) return { refused };
    const row = rows.get(nameOf(call));
    return row === undefined || row.effectId === order.id ? { orderId: order.id, replayed: false } : storedAnswer(call, row);
  });
};

/** Calls whose keys are not known yet: quoted, judged, written. */
const acceptNew = async (parts: AcceptParts, calls: readonly orders.PlaceOrder[]): Promise<Accepted[]> => {
  if (calls.length === 0) return [];
  for (;;) {
    const askedAt = monotonicMs();
    const quotes = await parts.quote(calls);
    if (monotonicMs() - askedAt <= QUOTE_AGE_MAX_MS) return write(parts, calls, quotes);
  }
};

/**
 * Accepts a batch. Keys are looked up first: a repeated call gets its order even where a new one would be refused. Twins in the batch are
 * one order.
 */
export const acceptBatch = async (parts: AcceptParts, calls: readonly orders.PlaceOrder[]): Promise<Accepted[]> => {
  const known = await findKeys(parts.db, calls.map(keyOf));
  const leaders = new Map<string, orders.PlaceOrder>();
  for (const call of calls) if (!known.has(nameOf(call)) && !leaders.has(nameOf(call))) leaders.set(nameOf(call), call);
  const led = [...leaders.values()];
  const results = new Map((await acceptNew(parts, led)).map((accepted, index) => [led[index] as orders.PlaceOrder, accepted]));
  return calls.map((call): Accepted => {
    const row = known.get(nameOf(call));
    if (row !== undefined) return storedAnswer(call, row);
    const leader = leaders.get(nameOf(call)) as orders.PlaceOrder;
    const accepted = results.get(leader) as Accepted;
    if (leader === call) return accepted;
    const same = keyOf(leader).fingerprint === keyOf(call).fingerprint;
    if ('refused' in accepted) return same ? accepted : { refused: refusal('idempotencyInProgress') };
    return same ? { ...accepted, replayed: true } : { refused: refusal('idempotencyKeyReused') };
  });
};

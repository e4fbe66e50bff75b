import { type orders, refusal, type refusals } from '@jumun/protos';
import { begin, messagesOf, type Message, type Pace, type Progress } from '@jumun/saga';
import {
  type Database,
  faultPoint,
  findKeys,
  idempotencyName,
  type KeyRow,
  monotonicMs,
  newId,
  openWriteOnce,
  TransientError,
  type Tx,
  type WriteOnce,
} from '@jumun/service-kit';
import type { PlacedOrder } from '../order.ts';
import { placeOrder } from '../place-order.ts';
import type { HopefulQuote, Quote, Quoting } from '../quote/quote.ts';
import { insertAccepted } from '../store/accepted.ts';
import { type Clock, openClock } from '../store/clock.ts';

/** A quote older than this is asked again: prices and balances have moved on. */
const QUOTE_AGE_MAX_MS = 2_000;
/** What is left of a call's time when its acceptance begins, at least: one whose time runs out meanwhile spoils the batch. */
const TIME_LEFT_MIN_MS = 250;
/** A database that makes quotes grow old so often is not there to take orders. */
const QUOTES_MAX = 3;

/** What acceptance makes of a call: an order (of now, or of an earlier call with the same key), or a refusal that left nothing behind. */
export type Accepted = { readonly orderId: string; readonly replayed: boolean } | { readonly refused: refusals.Refusal };

export interface AcceptParts {
  readonly db: Database;
  readonly quote: Quoting;
  /** Sends the first commands. Called after the commit and not waited for: should it fail, the sweep sends them. */
  readonly send: (messages: readonly Message[], calls: ReadonlyMap<string, orders.PlaceOrder>) => void;
  /** Told of what was committed, before its first commands go out. */
  readonly accepted?: (sagas: readonly Progress<PlacedOrder>[]) => void;
  readonly pace: Pace;
  /** Milliseconds that never jump, for the age of quotes and the time of calls (`accept_until_ms`). */
  readonly clock?: () => number;
}

type Keyed = NonNullable<orders.PlaceOrder['idempotency']>;
interface Candidate {
  readonly id: string;
  readonly call: orders.PlaceOrder;
  readonly quote: HopefulQuote;
}

/** A call's key, if it came with one. */
const keyOf = ({ idempotency }: orders.PlaceOrder): Keyed | undefined =>
  idempotency === undefined || idempotency.key === '' ? undefined : idempotency;
const keysOf = (calls: readonly orders.PlaceOrder[]): Keyed[] => calls.flatMap((call) => keyOf(call) ?? []);
const rowOf = (rows: ReadonlyMap<string, KeyRow>, call: orders.PlaceOrder): KeyRow | undefined => {
  const key = keyOf(call);
  return key === undefined ? undefined : rows.get(idempotencyName(key));
};

/** What became of a key, or of a call without one. */
type Decision =
  | { readonly orderId: string; readonly fingerprint: string | undefined; readonly isNew: boolean }
  | { readonly refused: refusals.Refusal };

const decidedEarlier = ({ effectId, fingerprint }: KeyRow): Decision => ({ orderId: effectId, fingerprint, isNew: false });

const isForNow = ({ kind }: refusals.Refusal): boolean => kind?.$case === 'unavailable';

/** The answer to a call. Twins in a batch were decided as one, their first: the `leader`. */
const answerTo = (call: orders.PlaceOrder, leader: orders.PlaceOrder, decision: Decision): Accepted => {
  const fingerprint = keyOf(call)?.fingerprint;
  if ('refused' in decision) {
    const isMeant = fingerprint === keyOf(leader)?.fingerprint || isForNow(decision.refused);
    return isMeant ? decision : { refused: refusal('idempotencyInProgress') };
  }
  if (fingerprint !== decision.fingerprint) return { refused: refusal('idempotencyKeyReused') };
  return { orderId: decision.orderId, replayed: !decision.isNew || call !== leader };
};

/** The orders that the keys of these calls have placed already: whatever speaks against a new order, they are the answer. */
export const findPlaced = async (db: Pick<Tx, 'query'>, calls: readonly orders.PlaceOrder[]): Promise<(Accepted | undefined)[]> => {
  const known = await findKeys(db, keysOf(calls));
  return calls.map((call) => {
    const row = rowOf(known, call);
    return row && answerTo(call, call, decidedEarlier(row));
  });
};

const placed = ({ id, call: { userId, couponId }, quote }: Candidate, createdAt: number): PlacedOrder => ({
  id,
  userId,
  ...quote,
  ...(couponId !== undefined && { couponId }),
  createdAt,
});

/** A quote grew old, or a call's time ran out, before the commit. */
class TooLate extends Error {}

type Parts = AcceptParts & { readonly writeOnce: WriteOnce; readonly databaseClock: Clock };

interface Written {
  readonly rows: ReadonlyMap<string, KeyRow>;
  readonly sagas: readonly Progress<PlacedOrder>[];
}

type Judged = Candidate | { readonly call: orders.PlaceOrder; readonly refused: refusals.Refusal };

/** The last moment at which a call may be accepted: after that its caller may have heard elsewhere that it is refused. */
const acceptUntil = ({ acceptUntilMs }: orders.PlaceOrder): number => (acceptUntilMs === 0 ? Infinity : acceptUntilMs);

/** Whoever has no quote, or no more time, is not refused for good. */
const judge = (calls: readonly orders.PlaceOrder[], quoteOf: (call: orders.PlaceOrder) => Quote | undefined): Judged[] =>
  calls.map((call) => {
    const quote = quoteOf(call) ?? { refused: refusal('unavailable') };
    return 'refused' in quote ? { call, ...quote } : { id: newId(), call, quote };
  });

/** Whether the candidates may still be accepted, and what time it is by the database's clock. */
interface Moment {
  readonly isInTime: () => boolean;
  readonly now: number;
}

/** Keys, orders, lines and sagas of one batch. Answers whose the keys are, and which sagas have begun. */
const insert = ({ writeOnce, pace }: Parts, candidates: readonly Candidate[], { isInTime, now }: Moment): Promise<Written> => {
  const keyed = candidates.flatMap(({ id, call }) => {
    const key = keyOf(call);
    return key === undefined ? [] : [{ ...key, effectId: id }];
  });
  return writeOnce(keyed, {
    write: async (tx, rows) => {
      const sagas = candidates
        .filter(({ id, call }) => (rowOf(rows, call)?.effectId ?? id) === id)
        .map((candidate) => begin(placeOrder, candidate.id, placed(candidate, now), now, pace).progress);
      if (sagas.length > 0) await insertAccepted(tx, sagas);
      return { rows, sagas };
    },
    beforeCommit: () => {
      // A rival with the same key may have kept us waiting.
      if (!isInTime()) throw new TooLate();
      return faultPoint('accept:written-not-committed');
    },
  });
};

/**
 * Whose the keys of refused calls are; a rival that is about to place one is waited for, if the call is refused for good. Undefined when that
 * cannot be told now, and then none may be: it is no reason to fail for those beside them, who may be committed by then.
 */
const findRivals = async (
  db: Database,
  judged: readonly { readonly call: orders.PlaceOrder; readonly refused: refusals.Refusal }[],
): Promise<ReadonlyMap<string, KeyRow> | undefined> => {
  const keysOfThose = (isMeant: boolean): Keyed[] =>
    keysOf(judged.filter(({ refused }) => isForNow(refused) === isMeant).map(({ call }) => call));
  try {
    const found = await Promise.all([findKeys(db, keysOfThose(false), { lock: true }), findKeys(db, keysOfThose(true))]);
    return new Map(found.flatMap((rows) => [...rows]));
  } catch {
    return undefined;
  }
};

const NOTHING_WRITTEN: Written = { rows: new Map(), sagas: [] };

/**
 * Order, lines, saga and key in one transaction. A rival that was faster with the same key keeps it, and the call gets the rival's order.
 * So it is with a call that is refused now: it may be refused only because its own order has taken the coupon, the money or the stock.
 */
const write = async (parts: Parts, judged: readonly Judged[], moment: Moment): Promise<Decision[]> => {
  const refused = judged.filter((each) => 'refused' in each);
  const rivals = findRivals(parts.db, refused); // beside the others, who go on meanwhile
  const candidates = judged.filter((each) => 'id' in each);
  const { rows, sagas } = candidates.length === 0 ? NOTHING_WRITTEN : await insert(parts, candidates, moment);
  if (sagas.length > 0) {
    parts.accepted?.(sagas);
    await faultPoint('accept:committed-not-sent');
    parts.send(
      sagas.flatMap((saga) => messagesOf(placeOrder, saga)),
      new Map(candidates.map(({ id, call }) => [id, call])),
    );
  }
  const known = await rivals;
  return judged.map((each): Decision => {
    if ('refused' in each) {
      if (known === undefined) return { refused: refusal('unavailable') };
      const row = rowOf(known, each.call);
      return row === undefined ? { refused: each.refused } : decidedEarlier(row);
    }
    const row = rowOf(rows, each.call);
    if (row !== undefined && row.effectId !== each.id) return decidedEarlier(row);
    return { orderId: each.id, fingerprint: keyOf(each.call)?.fingerprint, isNew: true };
  });
};

/** Quotes, judges and writes calls of which each has a key of its own, or none. */
const decide = async (parts: Parts, calls: readonly orders.PlaceOrder[]): Promise<Decision[]> => {
  const { clock = monotonicMs } = parts;
  for (let asked = 1; asked <= QUOTES_MAX; asked++) {
    const askedAt = clock();
    // More each time: those whose time runs out meanwhile must not keep the others of their batch from being accepted.
    const timeLeftMin = TIME_LEFT_MIN_MS * 2 ** (asked - 1);
    const hasTime = (call: orders.PlaceOrder): boolean => acceptUntil(call) >= clock() + timeLeftMin;
    const inTime = calls.filter(hasTime);
    const quotes = inTime.length === 0 ? [] : await parts.quote(inTime);
    const quoteOf = new Map(inTime.map((call, index) => [call, quotes[index]]));
    const now = await parts.databaseClock(parts.db); // in the transaction it would cost a round trip
    const judged = judge(calls, (call) => (hasTime(call) ? quoteOf.get(call) : undefined));
    const until = judged.reduce(
      (earliest, each) => ('id' in each ? Math.min(earliest, acceptUntil(each.call)) : earliest),
      askedAt + QUOTE_AGE_MAX_MS,
    );
    const isInTime = (): boolean => clock() <= until;
    if (!isInTime()) continue;
    try {
      return await write(parts, judged, { isInTime, now });
    } catch (error) {
      if (!(error instanceof TooLate)) throw error;
    }
  }
  throw new TransientError(
    `${QUOTES_MAX} times in a row it was too late for a quote (${QUOTE_AGE_MAX_MS} ms) or a call before it could be accepted`,
  );
};

/** The first call of each key stands for all of them. */
const leadersOf = (calls: readonly orders.PlaceOrder[]): Map<orders.PlaceOrder, orders.PlaceOrder> => {
  const first = new Map<string, orders.PlaceOrder>();
  return new Map(
    calls.map((call) => {
      const key = keyOf(call);
      if (key === undefined) return [call, call];
      const name = idempotencyName(key);
      const leader = first.get(name) ?? call;
      first.set(name, leader);
      return [call, leader];
    }),
  );
};

/** Accepts a batch. */
export type Accept = (calls: readonly orders.PlaceOrder[]) => Promise<Accepted[]>;

/**
 * Opens acceptance. A repeated call gets its order even where a new one would be refused; when the batch fails altogether, `findPlaced` tells.
 * Twins in the batch are one order.
 */
export const openAccepting = (given: AcceptParts): Accept => {
  const parts = { ...given, writeOnce: openWriteOnce(given.db), databaseClock: openClock(given.clock) };
  return async (calls) => {
    const leaders = leadersOf(calls);
    const led = [...new Set(leaders.values())];
    const decided = await decide(parts, led);
    const decisions = new Map(led.map((leader, index) => [leader, decided[index] as Decision]));
    return calls.map((call) => {
      const leader = leaders.get(call) as orders.PlaceOrder;
      return answerTo(call, leader, decisions.get(leader) as Decision);
    });
  };
};

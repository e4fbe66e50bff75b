import type { Outbox, OutMessage } from '@jumun/messaging';
import { coupon, refusal, type refusals, topicNames } from '@jumun/protos';
import {
  batcher,
  childTraceparent,
  type Database,
  faultPoint,
  type FreshCall,
  newId,
  onceEach,
  type Outcome,
  type Tx,
} from '@jumun/service-kit';
import { isOpen, remaining } from '../coupon-event.ts';
import { toDiscount } from '../events/discount.ts';
import { type EventRow, insertCoupons, lockEvents, type Owned, readOwned } from '../store/grants.ts';

/** Claims in one transaction: one lock an event, one statement a table. */
const BATCH_SIZE_MAX = 500;
/** Some two seconds of work; whoever comes later hears at once that it is too much. */
const QUEUE_MAX = 5_000;

type Call = coupon.IssueCouponRequest;
type Result = Outcome<coupon.Coupon, refusals.Refusal>;
type Decision = coupon.Coupon | { refused: refusals.Refusal };

const codec = {
  encode: (issued: coupon.Coupon): string => JSON.stringify(coupon.Coupon.toJSON(issued)),
  decode: (stored: string): coupon.Coupon => coupon.Coupon.fromJSON(JSON.parse(stored)),
};

const issued = ({ id, eventId, userId }: Owned, expiresAt: Date): OutMessage => ({
  topic: topicNames.couponEvents,
  key: userId,
  id: newId(),
  payload: coupon.CouponIssued.fromPartial({ couponId: id, eventId, userId, expiresAt }),
  traceparent: childTraceparent(),
});

/** Decides a batch of claims in the order in which they came. Pure but for what it collects in `granted`. */
const decideClaims = (
  calls: readonly FreshCall<Call>[],
  events: ReadonlyMap<string, EventRow>,
  owned: readonly Owned[],
  granted: Owned[],
): Decision[] => {
  const left = new Map([...events].map(([id, event]) => [id, remaining(event)]));
  const has = new Map(owned.map((one) => [`${one.eventId} ${one.userId}`, one.id]));
  return calls.map(({ call: { eventId, userId }, effectId: id }) => {
    const event = events.get(eventId);
    if (event === undefined) return { refused: refusal('couponEventNotFound') };
    if (!isOpen(event, event.now)) return { refused: refusal('couponEventNotOpen') };
    const couponId = has.get(`${eventId} ${userId}`);
    if (couponId !== undefined) return { refused: refusal('couponAlreadyIssued', { couponId }) };
    const room = left.get(eventId) ?? 0;
    if (room <= 0) return { refused: refusal('couponExhausted') };
    left.set(eventId, room - 1);
    has.set(`${eventId} ${userId}`, id);
    granted.push({ id, eventId, userId });
    return coupon.Coupon.fromPartial({
      id,
      eventId,
      status: coupon.CouponStatus.AVAILABLE,
      discount: toDiscount(event),
      expiresAt: event.couponValidUntil,
    });
  });
};

/** Issues coupons, first come, first served. Claims that come together are one transaction; each answer is given after its commit. */
export const openIssuing = ({ db, outbox }: { db: Database; outbox: Outbox }): ((call: Call) => Promise<Result>) => {
  const grant = async (tx: Tx, calls: readonly FreshCall<Call>[], messages: OutMessage[]): Promise<Decision[]> => {
    const claims = calls.map(({ call: { eventId, userId } }) => ({ eventId, userId }));
    const [rows, owned] = await Promise.all([
      lockEvents(
        tx,
        claims.map(({ eventId }) => eventId),
      ),
      readOwned(tx, claims),
    ]);
    const events = new Map(rows.map((row) => [row.id, row]));
    const granted: Owned[] = [];
    const decisions = decideClaims(calls, events, owned, granted);
    if (granted.length > 0) {
      insertCoupons(tx, granted);
      messages.push(...granted.map((one) => issued(one, (events.get(one.eventId) as EventRow).couponValidUntil)));
      void outbox.add(tx, messages);
    }
    await faultPoint('issue:written-not-committed');
    return decisions;
  };

  return batcher<Call, Result>({
    sizeMax: BATCH_SIZE_MAX,
    queueMax: QUEUE_MAX,
    run: async (calls) => {
      let messages: OutMessage[] = [];
      const outcomes = await onceEach<Call, coupon.Coupon, refusals.Refusal>(db, calls, {
        keyOf: ({ idempotency }) => idempotency,
        run: (tx, fresh) => grant(tx, fresh, (messages = [])), // anew for each try of the transaction
        codec,
        reused: refusal('idempotencyKeyReused'),
        inProgress: refusal('idempotencyInProgress'),
      });
      await faultPoint('issue:committed-not-answered');
      outbox.flush(messages);
      return outcomes;
    },
  });
};

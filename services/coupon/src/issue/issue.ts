import type { Outbox, OutMessage } from '@jumun/messaging';
import { coupon, keyRefusals, refusal, type refusals, topicNames } from '@jumun/protos';
import {
  type AfterCommit,
  batcher,
  canBeId,
  currentTrace,
  type Database,
  type FreshCall,
  jsonCodec,
  newId,
  onceEach,
  type Outcome,
  type Tx,
  usableKey,
} from '@jumun/service-kit';
import { toDiscount } from '../discount.ts';
import { type EventRow, type Grant, insertGrants, lockEvents } from '../store/grants.ts';
import { decideClaims } from './claims.ts';

type Refused = { readonly refused: refusals.Refusal };
type Result = Outcome<coupon.Coupon, refusals.Refusal>;

/** Issues a coupon to the caller, or says why not. */
export type IssueCoupon = (call: coupon.IssueCouponRequest) => Promise<Result>;

export interface IssuingLimits {
  /** Claims in one transaction: one lock per event, one statement per table. */
  readonly batchSizeMax: number;
  /** Claims that may wait for their transaction; whoever comes later hears at once that it is too much. */
  readonly queueMax: number;
}

/** A call on its way through a batch, in which it must not lose its own trace. */
interface Call {
  readonly request: coupon.IssueCouponRequest;
  readonly traceparent: string | undefined;
}

/** A coupon's life begins with its issue. */
const FIRST_VERSION = 1;

const issuedMessage = ({ id, eventId, userId }: Grant, { couponValidUntil }: EventRow, traceparent: string | undefined): OutMessage => ({
  topic: topicNames.couponEvents,
  key: userId,
  id: newId(),
  payload: coupon.CouponIssued.fromPartial({ couponId: id, eventId, userId, expiresAt: couponValidUntil, version: FIRST_VERSION }),
  traceparent,
});

const asShown = (id: string, event: EventRow): coupon.Coupon => ({
  $type: 'jumun.coupon.v1.Coupon',
  id,
  eventId: event.id,
  status: coupon.CouponStatus.AVAILABLE,
  discount: toDiscount(event),
  expiresAt: event.couponValidUntil,
});

/** Decides a batch of claims and writes what it grants, in the caller's transaction. */
const grant = async (
  tx: Tx,
  outbox: Outbox,
  calls: readonly FreshCall<Call>[],
  afterCommit: AfterCommit,
): Promise<(coupon.Coupon | Refused)[]> => {
  const claims = calls.map(({ call: { request, traceparent }, effectId }) => ({
    couponId: effectId,
    eventId: request.eventId,
    userId: request.userId,
    traceparent,
  }));
  const { events, owned } = await lockEvents(tx, claims);
  const decisions = decideClaims(claims, events, owned);

  const granted: Grant[] = [];
  const messages: OutMessage[] = [];
  const answers = decisions.map((decision, index): coupon.Coupon | Refused => {
    if (decision !== 'granted') return { refused: { $type: 'jumun.refusals.v1.Refusal', kind: decision } };
    const { couponId: id, eventId, userId, traceparent } = claims[index] as (typeof claims)[number];
    const event = events.get(eventId) as EventRow; // nothing is granted of an event that is not there
    granted.push({ id, eventId, userId });
    messages.push(issuedMessage({ id, eventId, userId }, event, traceparent));
    return asShown(id, event);
  });
  if (granted.length === 0) return answers;
  await Promise.all([insertGrants(tx, granted), outbox.add(tx, messages)]);
  afterCommit(() => void outbox.flush(messages));
  return answers;
};

/**
 * Opens the issuing of coupons, first come, first served. Claims that come together are one transaction, and each is answered after its
 * commit: no coupon is promised that is not there.
 */
export const openIssuing = ({ db, outbox, limits }: { db: Database; outbox: Outbox; limits: IssuingLimits }): IssueCoupon => {
  const submit = batcher<Call, Result>({
    sizeMax: limits.batchSizeMax,
    queueMax: limits.queueMax,
    run: (calls) =>
      onceEach<Call, coupon.Coupon, refusals.Refusal>(db, calls, {
        keyOf: ({ request }) => request.idempotency,
        run: (tx, fresh, afterCommit) => grant(tx, outbox, fresh, afterCommit),
        codec: jsonCodec(coupon.Coupon),
        ...keyRefusals,
      }),
  });
  return async (request) => {
    if (!canBeId(request.eventId)) return { refused: refusal('couponEventNotFound') };
    if (!canBeId(request.userId)) return { refused: refusal('unauthenticated') };
    usableKey(request.idempotency); // one that cannot be stored fails here, alone, and not with the batch
    return submit({ request, traceparent: currentTrace().traceparent });
  };
};

import type { refusals } from '@jumun/protos';
import { isOpen, type IssuingEvent, remaining } from '../coupon-event.ts';

/** One user's wish, and the id that the coupon will have. */
export interface NumberedClaim {
  readonly couponId: string;
  readonly eventId: string;
  readonly userId: string;
}

/** What becomes of a claim: the coupon of its id, or a refusal. */
export type Decision = 'granted' | NonNullable<refusals.Refusal['kind']>;

type ClaimedEvent = IssuingEvent & { readonly now: Date };

const nameOf = ({ eventId, userId }: Pick<NumberedClaim, 'eventId' | 'userId'>): string => `${eventId} ${userId}`;

/** Grants claims in the order in which they came: the first that find their event open, have none of it yet, and find one left. Pure. */
export const decideClaims = (
  claims: readonly NumberedClaim[],
  events: ReadonlyMap<string, ClaimedEvent>,
  owned: readonly { readonly id: string; readonly eventId: string; readonly userId: string }[],
): Decision[] => {
  const left = new Map([...events].map(([id, event]) => [id, remaining(event)]));
  const has = new Map(owned.map((coupon) => [nameOf(coupon), coupon.id]));
  return claims.map((claim): Decision => {
    const event = events.get(claim.eventId);
    if (event === undefined)
      return { $case: 'couponEventNotFound', couponEventNotFound: { $type: 'jumun.refusals.v1.CouponEventNotFound' } };
    if (!isOpen(event, event.now))
      return { $case: 'couponEventNotOpen', couponEventNotOpen: { $type: 'jumun.refusals.v1.CouponEventNotOpen' } };
    const couponId = has.get(nameOf(claim));
    if (couponId !== undefined)
      return { $case: 'couponAlreadyIssued', couponAlreadyIssued: { $type: 'jumun.refusals.v1.CouponAlreadyIssued', couponId } };
    const room = left.get(claim.eventId) ?? 0;
    if (room <= 0) return { $case: 'couponExhausted', couponExhausted: { $type: 'jumun.refusals.v1.CouponExhausted' } };
    left.set(claim.eventId, room - 1);
    has.set(nameOf(claim), claim.couponId);
    return 'granted';
  });
};

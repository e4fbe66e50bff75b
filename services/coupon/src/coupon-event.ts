/** What decides who gets a coupon of an event. */
export interface IssuingEvent {
  readonly id: string;
  readonly totalQuantity: number;
  readonly issued: number;
  readonly opensAt: Date;
  readonly closesAt: Date;
  /** When the coupons of the event expire. */
  readonly couponValidUntil: Date;
}

/** Issuing has ended at `closesAt`, and no later than its coupons expire: nobody could use one that is issued after that. */
const isOver = ({ closesAt, couponValidUntil }: IssuingEvent, now: Date): boolean => closesAt <= now || couponValidUntil <= now;

/** Issuing is open from `opensAt` on and before it is over. */
export const isOpen = (event: IssuingEvent, now: Date): boolean => event.opensAt <= now && !isOver(event, now);

export const remaining = ({ totalQuantity, issued }: IssuingEvent): number => totalQuantity - issued;

/** A closed event stays closed, sold out or not; one that is open and has nothing left is exhausted. */
export const statusOf = (event: IssuingEvent, now: Date): 'SCHEDULED' | 'OPEN' | 'EXHAUSTED' | 'CLOSED' => {
  if (now < event.opensAt) return 'SCHEDULED';
  if (isOver(event, now)) return 'CLOSED';
  return remaining(event) > 0 ? 'OPEN' : 'EXHAUSTED';
};

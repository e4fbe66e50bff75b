/** What decides who gets a coupon of an event. */
export interface IssuingEvent {
  readonly id: string;
  readonly totalQuantity: number;
  readonly issued: number;
  readonly opensAt: Date;
  readonly closesAt: Date;
}

/** Issuing is open from `opensAt` on and before `closesAt`. */
export const isOpen = ({ opensAt, closesAt }: IssuingEvent, now: Date): boolean => opensAt <= now && now < closesAt;

export const remaining = ({ totalQuantity, issued }: IssuingEvent): number => totalQuantity - issued;

/** A closed event stays closed, sold out or not; one that is open and has nothing left is exhausted. */
export const statusOf = (event: IssuingEvent, now: Date): 'SCHEDULED' | 'OPEN' | 'EXHAUSTED' | 'CLOSED' => {
  if (now < event.opensAt) return 'SCHEDULED';
  if (now >= event.closesAt) return 'CLOSED';
  return remaining(event) > 0 ? 'OPEN' : 'EXHAUSTED';
};

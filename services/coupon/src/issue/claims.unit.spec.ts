import { decideClaims, type NumberedClaim } from './claims.ts';

const at = (second: number): Date => new Date(second * 1_000);
const event = (given: { issued?: number; now?: number } = {}) => ({
  id: 'e',
  totalQuantity: 3,
  issued: given.issued ?? 0,
  opensAt: at(10),
  closesAt: at(20),
  couponValidUntil: at(30),
  now: at(given.now ?? 15),
});
const claim = (userId: string, eventId = 'e'): NumberedClaim => ({ couponId: `coupon of ${userId}`, eventId, userId });
const decide = (claims: readonly NumberedClaim[], one = event(), owned: { id: string; eventId: string; userId: string }[] = []): string[] =>
  decideClaims(claims, new Map([['e', one]]), owned).map((decision) => (decision === 'granted' ? decision : decision.$case));

it('grants the first that find one left', () => {
  const claims = ['a', 'b', 'c', 'd'].map((user) => claim(user));
  expect(decide(claims, event({ issued: 1 }))).toEqual(['granted', 'granted', 'couponExhausted', 'couponExhausted']);
});

it('gives a user one, whoever asks how often, and names it', () => {
  expect(decide([claim('a'), claim('a'), claim('b')])).toEqual(['granted', 'couponAlreadyIssued', 'granted']);
  const decisions = decideClaims([claim('a')], new Map([['e', event()]]), [{ id: 'old', eventId: 'e', userId: 'a' }]);
  expect(decisions).toMatchObject([{ couponAlreadyIssued: { couponId: 'old' } }]);
});

it('says what applies first: not found, not open, already issued, exhausted', () => {
  const mine = [{ id: 'old', eventId: 'e', userId: 'a' }];
  expect(decide([claim('a', 'other')], event({ issued: 3, now: 20 }), mine)).toEqual(['couponEventNotFound']);
  expect(decide([claim('a')], event({ issued: 3, now: 20 }), mine)).toEqual(['couponEventNotOpen']);
  expect(decide([claim('a')], event({ issued: 3, now: 9 }), mine)).toEqual(['couponEventNotOpen']);
  expect(decide([claim('a')], event({ issued: 3 }), mine)).toEqual(['couponAlreadyIssued']);
  expect(decide([claim('b')], event({ issued: 3 }), mine)).toEqual(['couponExhausted']);
});

import { coupon, refusalCode } from '@jumun/protos';
import { OverloadedError, status, TransientError, UpstreamUnavailable } from '@jumun/service-kit';
import { openCouponQuotes } from './coupon-quotes.ts';

const question = coupon.CouponQuestion.fromPartial({ couponId: 'c', userId: 'u' });
const worth = coupon.CouponQuote.fromPartial({ outcome: { $case: 'discount', discount: { value: 1 } } });
const told = (quotes: readonly coupon.CouponQuote[]) =>
  quotes.map(({ outcome }) => (outcome?.$case === 'refused' ? refusalCode(outcome.refused?.kind?.$case ?? 'internal') : outcome?.$case));

/** Coupon, whose answers are given by hand. */
const open = () => {
  const asked: PromiseWithResolvers<readonly coupon.CouponQuote[]>[] = [];
  const quote = openCouponQuotes(
    () => {
      const answer = Promise.withResolvers<readonly coupon.CouponQuote[]>();
      asked.push(answer);
      return answer.promise;
    },
    { warn: () => {} },
  );
  return { asked, quote: async (...questions: coupon.CouponQuestion[]) => told(await quote(questions)) };
};

it('does not ask where no order has a coupon', async () => {
  const { asked, quote } = open();
  expect(await quote()).toEqual([]);
  expect(asked).toEqual([]);
});

it.each([
  [new TransientError('gone'), 'UNAVAILABLE'],
  [new OverloadedError('busy'), 'OVERLOADED'],
])('answers for coupon when it cannot: %s', async (error, code) => {
  const { asked, quote } = open();
  const answer = quote(question, question);
  asked[0]?.reject(error);
  expect(await answer).toEqual([code, code]);
  const next = quote(question);
  asked[1]?.resolve([worth]);
  expect(await next).toEqual(['discount']);
});

it('leaves the fault of a question to who can tell which one it is', async () => {
  const { asked, quote } = open();
  const answer = quote(question);
  asked[0]?.reject(new Error('a bug'));
  await expect(answer).rejects.toThrow('a bug');
});

it('waits for a silent coupon once, not again before it is back', async () => {
  const { asked, quote } = open();
  const first = quote(question);
  asked[0]?.reject(new UpstreamUnavailable('/coupon', status.DEADLINE_EXCEEDED));
  expect(await first).toEqual(['UNAVAILABLE']);
  expect(await quote(question)).toEqual(['UNAVAILABLE']);
  expect(await quote(question)).toEqual(['UNAVAILABLE']);
  expect(asked).toHaveLength(2);
  asked[1]?.resolve([worth]);
  await new Promise(setImmediate);
  const back = quote(question);
  asked[2]?.resolve([worth]);
  expect(await back).toEqual(['discount']);
});

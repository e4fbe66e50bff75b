import { type coupon, refusal } from '@jumun/protos';
import { isTransient, type Logger, OverloadedError, status } from '@jumun/service-kit';

type Question = coupon.CouponQuestion;
type Ask = (questions: Question[]) => Promise<readonly coupon.CouponQuote[]>;

const refused = (kind: 'overloaded' | 'unavailable'): coupon.CouponQuote => ({
  $type: 'jumun.coupon.v1.CouponQuote',
  outcome: { $case: 'refused', refused: refusal(kind) },
});

/**
 * What coupons are worth. Without coupon only the orders that come with one are refused: all others go on. While it is silent they do not
 * even wait for it: one question at a time finds out whether it is back, and the orders that bring it are refused at once.
 */
export const openCouponQuotes = (ask: Ask, logger: Pick<Logger, 'warn'>): Ask => {
  let silent = false;
  let probing = false;

  const failed = (err: unknown): 'overloaded' | 'unavailable' => {
    // Anything else is the fault of a question: the batch fails, and is halved until that one is alone.
    if (!isTransient(err) && !(err instanceof OverloadedError)) throw err;
    silent = (err as { code?: unknown }).code === status.DEADLINE_EXCEEDED;
    logger.warn({ err, silent }, 'coupon does not answer: orders that come with one are refused');
    return err instanceof OverloadedError ? 'overloaded' : 'unavailable';
  };
  const probe = async (questions: Question[]): Promise<void> => {
    if (probing) return;
    probing = true;
    try {
      await ask(questions);
      silent = false;
    } catch (err) {
      silent = (err as { code?: unknown }).code === status.DEADLINE_EXCEEDED;
    } finally {
      probing = false;
    }
  };

  return async (questions) => {
    if (questions.length === 0) return [];
    if (silent) {
      void probe(questions);
      return questions.map(() => refused('unavailable'));
    }
    try {
      return await ask(questions);
    } catch (error) {
      const kind = failed(error);
      return questions.map(() => refused(kind));
    }
  };
};

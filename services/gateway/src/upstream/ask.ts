import { backoffMs, type GrpcCallOptions, OverloadedError, sleep } from '@jumun/service-kit';
import { isNoAnswer, isOverload } from './no-answer.ts';

/** All tries of a call together, in ms: a service that is restarted is back within it. */
const DEADLINE_MS = 5_000;
/** One try: a service that has not answered by then is asked again, maybe on another instance. */
const TRY_MS = 2_000;
/** Calls waiting for one service; at some 4,000 a second more of them would not be answered within the deadline. */
const IN_FLIGHT_MAX = 16_000;

/**
 * Asks a service. Where no answer came it is not known whether the call was carried out; only what may be carried out twice without harm
 * (`again`) is asked a second time. A call with an idempotency key may, the key sees to it.
 */
export type Ask = <T>(call: (options: GrpcCallOptions) => Promise<T>, options: { again: boolean }) => Promise<T>;

/**
 * A way to ask, with a count of its own of the calls that wait. All tries of a call together take 5 s at most; one try of a call that may be
 * repeated takes 2 s. Throws an `OverloadedError` at once while 16,000 calls wait, and otherwise what the last try threw: the service's own
 * error, or one that says that no answer came (`isNoAnswer`). A service's overload is told of the first try alone: an earlier one without an
 * answer may wait there still, and be carried out.
 */
export const openAsk = (): Ask => {
  let inFlight = 0;
  return async (call, { again }) => {
    if (inFlight >= IN_FLIGHT_MAX) throw new OverloadedError(`${IN_FLIGHT_MAX} calls are waiting already`);
    inFlight++;
    const untilMs = performance.now() + DEADLINE_MS;
    let unanswered: unknown;
    try {
      for (let attempt = 1; ; attempt++) {
        const leftMs = untilMs - performance.now();
        try {
          return await call({ deadlineMs: Math.min(again ? TRY_MS : DEADLINE_MS, leftMs) });
        } catch (error) {
          if (isNoAnswer(error)) unanswered = error;
          else if (unanswered === undefined || !isOverload(error)) throw error;
          const pauseMs = backoffMs(attempt, { baseMs: 50, capMs: 500 });
          if (!again || performance.now() + pauseMs >= untilMs) throw unanswered;
          await sleep(pauseMs);
        }
      }
    } finally {
      inFlight--;
    }
  };
};

import { TwoGenerations } from '@jumun/service-kit';
import { type Problem, problem } from '../problems/problem.ts';

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

/** A limit by name of who calls: null when the call is within it, else the refusal. */
export type RateLimit = (who: string) => Problem | null;

/** More callers than this in one second are not told apart for longer than they are remembered; 50,000 buckets take some 10 MB. */
const CALLERS_MAX = 50_000;

/**
 * A token bucket each: `perSecond` calls a second, as many at once after a pause; 0 is no limit. The buckets are this process's own: with n
 * gateways somebody whose calls reach all of them gets n times as much.
 */
export const rateLimit = (perSecond: number, nowMs: () => number = () => performance.now()): RateLimit => {
  if (perSecond === 0) return () => null;
  const buckets = new TwoGenerations<string, Bucket>(CALLERS_MAX);
  return (who) => {
    const now = nowMs();
    let bucket = buckets.get(who);
    if (bucket === undefined) buckets.set(who, (bucket = { tokens: perSecond, filledAtMs: now }));
    bucket.tokens = Math.min(perSecond, bucket.tokens + ((now - bucket.filledAtMs) * perSecond) / 1000);
    bucket.filledAtMs = now;
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return null;
    }
    const waitS = Math.max(1, Math.ceil((1 - bucket.tokens) / perSecond));
    return problem('RATE_LIMITED', undefined, {
      'retry-after': String(waitS),
      'ratelimit-policy': `"default";q=${perSecond};w=1`,
      ratelimit: `"default";r=0;t=${waitS}`,
    });
  };
};

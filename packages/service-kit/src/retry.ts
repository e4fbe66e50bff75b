import { setTimeout as wait } from 'node:timers/promises';
import { isTransient } from './transient.ts';

export interface BackoffOptions {
  /** Pause after the first failure in ms, before jitter (default 20). */
  baseMs?: number;
  /** No pause is longer than this, in ms (default 2000). */
  capMs?: number;
}

export interface RetryOptions extends BackoffOptions {
  /** Which errors are worth another try (default: the transient ones). */
  isRetryable?: (error: unknown) => boolean;
  /** Tries in all, the first included (default: no limit, for work that must be done when the server is back). */
  attemptsMax?: number;
  /** Ends the waiting; the last error is thrown. */
  signal?: AbortSignal;
  /** Told before each pause. */
  onRetry?: (error: unknown, attempt: number, pauseMs: number) => void;
}

/** The pause after the `attempt`-th failure (from 1) in ms: doubles up to the cap, half of it random, so that rivals do not meet again. */
export const backoffMs = (
  attempt: number,
  { baseMs = 20, capMs = 2_000 }: BackoffOptions = {},
  random: () => number = Math.random,
): number => {
  const full = Math.min(capMs, baseMs * 2 ** Math.min(attempt - 1, 30));
  return full / 2 + random() * (full / 2);
};

/** Waits; ends early, without an error, when the signal is aborted. */
export const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
  try {
    await wait(ms, undefined, { signal });
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
};

/** Waits for the work, but no longer than so many ms. What it answers or throws later is nobody's concern any more. */
export const within = async (ms: number, work: Promise<unknown>): Promise<void> => {
  const done = new AbortController();
  try {
    await Promise.race([work, sleep(ms, done.signal)]);
  } finally {
    done.abort();
  }
};

/** Calls `fn` until it succeeds, fails for good, has used up its tries, or the signal is aborted; throws its last error. */
export const retryWithBackoff = async <T>(fn: (attempt: number) => Promise<T>, options: RetryOptions = {}): Promise<T> => {
  const { isRetryable = isTransient, attemptsMax = Infinity, signal, onRetry } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      return await fn(attempt);
    } catch (error) {
      if (!isRetryable(error) || attempt >= attemptsMax || signal?.aborted) throw error;
      const pauseMs = backoffMs(attempt, options);
      onRetry?.(error, attempt, pauseMs);
      await sleep(pauseMs, signal);
      if (signal?.aborted) throw error;
    }
  }
};

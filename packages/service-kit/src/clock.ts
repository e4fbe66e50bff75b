/** Where time comes from; handed in, so that decisions stay pure and tests need not wait. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

/** Milliseconds on a clock that never jumps; for durations and ages, never for dates. */
export const monotonicMs = (): number => performance.now();

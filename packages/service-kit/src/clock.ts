/** Milliseconds on a clock that never jumps; for durations and ages, never for dates. */
export const monotonicMs = (): number => performance.now();

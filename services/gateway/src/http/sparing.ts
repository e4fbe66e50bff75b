import { monotonicMs } from '@jumun/service-kit';

/**
 * Lets at most `linesMax` lines a second through: where everything fails or is slow, a line each would make it slower, and say no more. Answers how
 * many were left out since the last line, or undefined where this one is to be left out as well.
 */
export const sparing = (linesMax: number, clock: () => number = monotonicMs): (() => number | undefined) => {
  let since = -Infinity;
  let lines = 0;
  let leftOut = 0;
  return () => {
    const now = clock();
    if (now - since >= 1_000) [since, lines] = [now, 0];
    if (lines >= linesMax) {
      leftOut += 1;
      return undefined;
    }
    lines += 1;
    const before = leftOut;
    leftOut = 0;
    return before;
  };
};

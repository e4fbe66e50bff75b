/** How patiently the interpreter asks again. Configuration of the process, not part of a definition. */
export interface Pace {
  /** From a first ask to the second, in milliseconds; doubled with each further one. */
  readonly askAgainMs: number;
  readonly askAgainMsMax: number;
  /** After so many unanswered asks a step is parked for a person. Its answer still counts when it comes. */
  readonly asksMax: number;
}

/** One minute, then doubling up to 15: ten asks are about an hour and a half, longer than a participant is down without an alert. */
export const defaultPace: Pace = { askAgainMs: 60_000, askAgainMsMax: 900_000, asksMax: 10 };

/** How long to wait after the given number of asks. */
export const waitMsAfter = (asks: number, { askAgainMs, askAgainMsMax }: Pace): number =>
  Math.min(askAgainMs * 2 ** (asks - 1), askAgainMsMax);

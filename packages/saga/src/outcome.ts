/** What a reply means for the saga. Made by the functions below only. */
export type Outcome<Data, Wait extends string = never> = Kept<Data> | Refused | Parked | WaitsAgain<Wait>;

/** The step is done; the saga goes on, with other data where given. */
export interface Kept<out Data = never> {
  readonly kind: 'keep';
  readonly data?: Data;
}
/** The step did nothing and the saga may not complete: what other steps did is undone. */
export interface Refused {
  readonly kind: 'refuse';
  readonly code: string;
  readonly details?: unknown;
}
/** The step could not do what it must: a person has to look. */
export interface Parked {
  readonly kind: 'park';
  readonly code: string;
}
/** The pivot did nothing, and may be asked again (as a new attempt) once the wait before it has been signalled again. */
export interface WaitsAgain<out Wait extends string> {
  readonly kind: 'wait-again';
  readonly wait: Wait;
  readonly reply?: unknown;
}

/** The step is done; go on. */
export const keep: Kept = { kind: 'keep' };

/** The step is done; go on with this data. */
export const keepWith = <Data>(data: Data): Kept<Data> => ({ kind: 'keep', data });

/** Refuses the saga. Said of a reply, it also says that *this* step did nothing; all others are undone. */
export const refuse = (code: string, details?: unknown): Refused =>
  details === undefined ? { kind: 'refuse', code } : { kind: 'refuse', code, details };

/** Parks the saga for a person; `retry` asks the step again as a new attempt. For steps that may not be refused. */
export const park = (code: string): Parked => ({ kind: 'park', code });

/** Takes the saga back to the wait right before the pivot; its deadline does not move. The reply is kept in `progress.setback`. */
export const waitAgain = <const Wait extends string>(wait: Wait, reply?: unknown): WaitsAgain<Wait> => ({
  kind: 'wait-again',
  wait,
  reply,
});

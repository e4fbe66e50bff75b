import type { Ask, GenericReplyName, LastSegment, Reply } from './command.ts';
import type { Kept, Outcome, Parked, Refused } from './outcome.ts';
import { planOf } from './plan.ts';
import type { AnyEnds, Plan, PlannedStage } from './plan.ts';

/** An outcome, or how it follows from the saga's data and the reply. */
export type Handler<Data, R, O> = O | ((data: Data, reply: R) => O);

type NameOf<R extends Reply> = Exclude<LastSegment<R['$type']>, GenericReplyName>;
type Named<R extends Reply, Name> = R extends Reply ? (LastSegment<R['$type']> extends Name ? R : never) : never;

/** One handler for every reply that the command may get: a missing one does not compile. */
export type Handlers<Data, R extends Reply, O> = { readonly [Name in NameOf<R>]: Handler<Data, Named<R, Name>, O> };

/** A step before the pivot: it may refuse, and is undone when the saga is refused. */
export interface Step<Data, R extends Reply> {
  /** The step is left out when this is false. */
  readonly when?: (data: Data) => boolean;
  readonly ask: Ask<Data, R>;
  /** Left out only where the step changes nothing that would have to be undone. Any reply but `CommandFailed` acknowledges it. */
  readonly undo?: Ask<Data>;
  readonly on: Handlers<Data, R, Kept<Data> | Refused>;
}

/** The step that decides: once it may have been sent only its answer moves the saga, once it is done nothing is undone. */
export interface Pivot<Data, R extends Reply, Wait extends string> {
  /** The pivot is passed without asking when this is false. */
  readonly when?: (data: Data) => boolean;
  readonly ask: Ask<Data, R>;
  readonly on: Handlers<Data, R, Outcome<Data, Wait>>;
}

/** A step after the pivot: it may not refuse. */
export interface FinalStep<Data, R extends Reply> {
  readonly when?: (data: Data) => boolean;
  readonly ask: Ask<Data, R>;
  readonly on: Handlers<Data, R, Kept<Data> | Parked>;
}

/** A pause until somebody signals its name, or its time is up. */
export interface Wait<Data> {
  /** There is no pause when this is false. */
  readonly when?: (data: Data) => boolean;
  /** From entering the wait, in milliseconds; the instant is in `progress.until`. */
  readonly atMostMs: number | ((data: Data) => number);
  readonly otherwise: Refused;
}

/** How long a whole stage may take before the saga is refused, in milliseconds. */
export interface StageLimit {
  readonly atMostMs: number;
  readonly otherwise: Refused;
}

/** Why a saga was refused. */
export interface Reason {
  readonly code: string;
  readonly details?: unknown;
}

/** How the saga's end is told to the rest of the world. Pure: called again, it must give the identical event. */
export interface Ends<Data, Completed, Cancelled> {
  readonly completed: (data: Data, endedAt: number) => Completed;
  readonly refused: (data: Data, reason: Reason, endedAt: number) => Cancelled;
}

/** A finished definition. Opaque; made by `saga(…)…ends(…)`. */
export interface Definition<Data = unknown, Event = unknown> {
  readonly name: string;
  readonly version: number;
  readonly plan: Plan;
  /** Types only, never set. */
  readonly of?: { readonly data: Data; readonly event: Event };
}

type Steps<Data, R extends Record<string, Reply>> = { readonly [K in keyof R]: Step<Data, R[K]> };
type FinalSteps<Data, R extends Record<string, Reply>> = { readonly [K in keyof R]: FinalStep<Data, R[K]> };

/** Before the pivot. `LastWait` names the wait that a pivot added now would follow directly. */
export interface Opening<Data, LastWait extends string = never> {
  /** The steps of one stage run side by side; the next stage starts when all of them are done. */
  stage<R extends Record<string, Reply>>(name: string, steps: Steps<Data, R>, limit?: StageLimit): Opening<Data>;
  waitFor<const Name extends string>(name: Name, wait: Wait<Data>): Opening<Data, Name>;
  pivot<R extends Reply>(name: string, pivot: Pivot<Data, R, LastWait>): Closing<Data>;
}

/** After the pivot. */
export interface Closing<Data> {
  stage<R extends Record<string, Reply>>(name: string, steps: FinalSteps<Data, R>): Closing<Data>;
  ends<Completed, Cancelled>(ends: Ends<Data, Completed, Cancelled>): Definition<Data, Completed | Cancelled>;
}

/**
 * Starts a definition. Raise the version with every change that a running saga would notice, and keep the old version registered
 * until no saga of it runs any more.
 */
export const saga = <Data>(name: string, { version }: { readonly version: number }): Opening<Data> => opening<Data>(name, version, []);

// The one place where types are let go of: a plan holds functions of unknown data, and the types above have checked them already.
const opening = <Data, LastWait extends string = never>(
  name: string,
  version: number,
  stages: readonly PlannedStage[],
): Opening<Data, LastWait> => ({
  stage: (stage, steps, limit) =>
    opening<Data>(name, version, [...stages, { kind: 'stage', name: stage, steps, limit } as unknown as PlannedStage]),
  waitFor: (wait, options) => opening(name, version, [...stages, { kind: 'wait', name: wait, ...options } as unknown as PlannedStage]),
  pivot: (pivot, step) => closing(name, version, [...stages, { kind: 'pivot', name: pivot, step } as unknown as PlannedStage]),
});

const closing = <Data>(name: string, version: number, stages: readonly PlannedStage[]): Closing<Data> => ({
  stage: (stage, steps) => closing<Data>(name, version, [...stages, { kind: 'stage', name: stage, steps } as unknown as PlannedStage]),
  ends: (ends) => ({ name, version, plan: planOf(name, stages, ends as unknown as AnyEnds) }),
});

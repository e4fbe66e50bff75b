import type { Reason } from './definition.ts';

/**
 * Where a saga stands: plain JSON, all that has to be stored, and the same whether it was stored and read or kept in memory. Never changed in
 * place, and `data` stays the same object as long as no handler has changed it, so a store may compare references to spare a write.
 */
export interface Progress<Data = unknown> {
  readonly id: string;
  /** The definition's name and version. */
  readonly saga: string;
  readonly version: number;
  readonly phase: Phase;
  /** The stage, wait or pivot it is at; while undoing and after the end, the one where that began. */
  readonly stage: string;
  /** Only of steps that still matter: what must be asked, undone or awaited. Keys are `stage.step`, or the pivot's name. */
  readonly steps: Readonly<Record<string, StepState>>;
  readonly data: Data;
  /** When the sweep must look again, in epoch milliseconds; null when there is nothing to be done by itself: ended, or parked. */
  readonly nextAt: number | null;
  /** The deadline of the wait or of the limited stage it is at, in epoch milliseconds. */
  readonly until?: number;
  /** The pivot's answer that took the saga back to waiting. */
  readonly setback?: Setback;
  /** Why it is or was refused. */
  readonly reason?: Reason;
  readonly endedAt?: number;
}

export type Phase = 'running' | 'waiting' | 'undoing' | 'completed' | 'refused';

export interface Setback {
  readonly attempt: number;
  readonly at: number;
  readonly reply?: unknown;
}

export interface StepState {
  readonly state: DoState | UndoState;
  /** Rises only after a stored, definite answer; never after silence. */
  readonly attempt: number;
  /** How often this attempt has been asked. */
  readonly asks?: number;
  /** When this attempt was asked first, in epoch milliseconds. */
  readonly since?: number;
  /** Of an undo: the attempt of the do that it undoes. */
  readonly undoes?: number;
  /** Of a failure: what the participant said. */
  readonly why?: string;
  /** Of a refusal: what the saga is refused with, unless a step that is written before it refuses too. */
  readonly refusal?: Reason;
}

/** `silent`: asked too often, parked, still awaited. `failed`: answered that it could not, parked. `declined`: may be asked once more. `refused`: said no. */
export type DoState = 'asked' | 'silent' | 'failed' | 'declined' | 'refused' | 'done';
/** `undo`: to be undone once later stages are. */
export type UndoState = 'undo' | 'undo-asked' | 'undo-silent' | 'undo-failed';

/** One line of the saga's history. `ms` is the time since the command was first asked. */
export interface TimelineEntry {
  readonly at: number;
  readonly kind: TimelineKind;
  readonly step?: string;
  readonly attempt?: number;
  readonly ms?: number;
  /** The last segment of the reply's type. */
  readonly reply?: string;
  readonly code?: string;
}

export type TimelineKind =
  | 'started'
  | 'asked'
  | 'asked-again'
  | 'answered'
  | 'undo-asked'
  | 'undo-asked-again'
  | 'undone'
  | 'waiting'
  | 'signalled'
  | 'refusing'
  | 'stuck'
  | 'retried'
  | 'completed'
  | 'refused';

export const hasEnded = ({ phase }: Progress): boolean => phase === 'completed' || phase === 'refused';

/** A step that only a person (or its late answer) can move. */
export interface Stuck {
  readonly step: string;
  readonly attempt: number;
  readonly asks: number;
  /** When this attempt was asked first, in epoch milliseconds. */
  readonly since: number;
  readonly undo: boolean;
  readonly why: string;
}

/** The first parked step, or null when the saga moves by itself. */
export const stuckOf = ({ steps }: Progress): Stuck | null => {
  for (const step in steps) {
    const { state, attempt, asks = 0, since = 0, why } = steps[step]!;
    if (state === 'silent' || state === 'failed' || state === 'undo-silent' || state === 'undo-failed') {
      return { step, attempt, asks, since, undo: state.startsWith('undo'), why: why ?? 'NO_ANSWER' };
    }
  }
  return null;
};

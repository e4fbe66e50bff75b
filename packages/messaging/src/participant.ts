import type { Tx } from '@jumun/service-kit';
import type { Payload } from './message.ts';

/** What is known of a command besides its payload. */
export interface CommandMeta {
  readonly commandId: string;
  /** When its saga asked for it first. */
  readonly issuedAt: Date;
  readonly key: string;
  /** Of an undo: the id of the command it undoes, which may have run or not. */
  readonly undoes?: string;
}

/**
 * Decides on one command. Pure, except that it may record changes in the state, which is discarded when it throws. It may be asked about a
 * command whose effect is in the state already, or will be a rival's: what it says then is never committed, and so never heard.
 */
export type Decide<State, C extends Payload, R extends Payload> = (state: State, command: C, meta: CommandMeta) => R;

/** How a service carries out commands: all that a batch needs is loaded, each command decided in its order, all written at once. */
export interface Participant<State, C extends Payload, R extends Payload> {
  /**
   * Loads, and with `lock` locks in key order, what the commands concern, undos among them. Its statements must go out before it first
   * awaits, so that they travel together with what claims the commands, if anything does.
   */
  readonly load: (tx: Tx, commands: readonly C[], options: { lock: boolean }) => Promise<State>;
  /** By the full proto name of the command. An error is a bug: that command is answered with `CommandFailed` and has no effect. */
  readonly decide: { readonly [T in C['$type']]: Decide<State, Extract<C, { readonly $type: T }>, R> };
  /** Writes what was recorded, one statement per table, and checks how many rows matched. */
  readonly save: (tx: Tx, state: State) => Promise<void>;
  /** Loads without locks first; `save` throws `OptimisticConflict` when a rival was faster, and the round is played again with locks. */
  readonly optimistic?: boolean;
}

/** Fixes the types of a participant. */
export const participant = <State, C extends Payload, R extends Payload>(definition: Participant<State, C, R>): Participant<State, C, R> =>
  definition;

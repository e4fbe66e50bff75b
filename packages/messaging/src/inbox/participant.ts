import type { UnknownMessage } from '@jumun/protos';
import type { Tx } from '@jumun/service-kit';

/** What is known of a command besides its payload. */
export interface CommandMeta {
  readonly commandId: string;
  /** When it was asked first; the same for every repetition. */
  readonly issuedAt: Date;
  readonly key: string;
  /** Its place in the batch, from 0. */
  readonly orderOfArrival: number;
  /** Of an undo: the id of its do, which may have run or not. */
  readonly undoes?: string;
}

/**
 * Decides on one command, in order of arrival. Pure but for what it records in `state`; record last, since what was recorded before an
 * error would be saved. An error is a bug: the command is answered with `CommandFailed`.
 */
export type Decide<State, C extends UnknownMessage, R extends UnknownMessage> = (state: State, command: C, meta: CommandMeta) => R;

/** How a service carries out the commands of a topic, batch by batch. */
export interface Participant<State, C extends UnknownMessage, R extends UnknownMessage> {
  /**
   * Reads what the commands concern, undos among them; with `lock` it locks the rows in key order. It must call its statements before it
   * first awaits, so that they travel with the claim. Some of the commands may turn out to have been carried out before.
   */
  readonly load: (tx: Tx, commands: readonly C[], options: { lock: boolean }) => Promise<State>;
  readonly decide: { readonly [K in C['$type']]: Decide<State, Extract<C, { $type: K }>, R> };
  /** Writes what was recorded, one statement a table, and checks how many rows matched. */
  readonly save: (tx: Tx, state: State) => Promise<void>;
  /** `load` does not lock at first; `save` throws `OptimisticConflict` when somebody was faster, and the round is played again with locks. */
  readonly optimistic?: boolean;
}

export const participant = <State, C extends UnknownMessage, R extends UnknownMessage>(
  definition: Participant<State, C, R>,
): Participant<State, C, R> => definition;

/** What `save` of an optimistic participant throws when rows were changed since they were read. */
export class OptimisticConflict extends Error {
  override readonly name = 'OptimisticConflict';

  constructor(message = 'rows were changed since they were read') {
    super(message);
  }
}

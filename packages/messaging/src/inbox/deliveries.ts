import type { InMessage } from '../kafka/types.ts';

/** A command of a batch, once, however often the batch has it. */
export interface Command {
  readonly message: InMessage;
  /** All deliveries of it in this batch; each is answered where it wants its answer. */
  readonly deliveries: InMessage[];
  readonly orderOfArrival: number;
  /** So old that the inbox may have forgotten it: its stored reply is given, but it is never executed. */
  readonly isStale: boolean;
}

export interface Sorted {
  readonly commands: readonly Command[];
  readonly rejected: readonly { readonly message: InMessage; readonly reason: string }[];
}

/** An id as the inbox's column takes it: anything longer, or beyond ASCII, would be cut or refused there. */
const ID = /^[\x21-\x7e]{1,64}$/;

const problemOf = ({ id, type, undoes }: InMessage, types: ReadonlySet<string>): string | undefined => {
  if (!types.has(type)) return `${type} is no command of this topic`;
  if (!ID.test(id)) return 'the command id is no id';
  if (undoes !== undefined && (!ID.test(undoes) || undoes === id)) return 'what it undoes is no other id';
  return undefined;
};

/** Divides a batch into commands and what can be none. One id with two contents: the first stands. */
export const sortDeliveries = (batch: readonly InMessage[], types: ReadonlySet<string>, staleBefore: number): Sorted => {
  const commands = new Map<string, Command>();
  const rejected: { message: InMessage; reason: string }[] = [];
  for (const message of batch) {
    const problem = problemOf(message, types);
    const known = commands.get(message.id);
    if (problem !== undefined) rejected.push({ message, reason: problem });
    else if (known === undefined) {
      const isStale = message.time.getTime() < staleBefore;
      commands.set(message.id, { message, deliveries: [message], orderOfArrival: commands.size, isStale });
    } else if (known.message.fingerprint === message.fingerprint) known.deliveries.push(message);
    else rejected.push({ message, reason: CONTRADICTION });
  }
  return { commands: [...commands.values()], rejected };
};

export const CONTRADICTION = 'another command came under the same id';

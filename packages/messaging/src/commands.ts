import type { Bus } from './bus.ts';
import type { OutMessage, Payload } from './message.ts';

/** A command of a saga. Sent again it must be the same in every part but the partitions. */
export interface OutCommand {
  readonly topic: string;
  readonly key: string;
  /** Where it goes if there is such a partition; else the key decides. */
  readonly partitionHint?: number;
  /** `sagaId/step/attempt`. */
  readonly id: string;
  readonly payload: Payload;
  /** When it was asked first: participants never execute what is too old to be known. */
  readonly issuedAt: Date;
  /** Of an undo: the id of what it undoes. */
  readonly undoes?: string;
  /** Where the reply is awaited; only a hint, which may be outdated. */
  readonly replyPartition?: number;
  readonly traceparent?: string;
}

/**
 * The message that carries a command: its id is the message's, `issuedAt` the message's time; what it undoes and where the reply is awaited
 * are headers (`jumun_undoes`, `jumun_reply_partition`).
 */
export const commandMessage = (command: OutCommand): OutMessage => {
  const { topic, key, partitionHint, id, payload, issuedAt, undoes, replyPartition, traceparent } = command;
  const headers: Record<string, string> = {};
  if (undoes !== undefined) headers['jumun_undoes'] = undoes;
  if (replyPartition !== undefined) headers['jumun_reply_partition'] = String(replyPartition);
  return { topic, key, partitionHint, id, payload, time: issuedAt, traceparent, headers };
};

/** Sends the commands in one batch over all their topics. Resolves and rejects as `Bus.send` does. */
export const sendCommands = (bus: Bus, commands: readonly OutCommand[]): Promise<void> => bus.send(commands.map(commandMessage));

/** The id of the command that a reply answers. */
export const commandIdOf = ({ headers }: { readonly headers: Readonly<Record<string, string>> }): string | undefined =>
  headers['jumun_command_id'];

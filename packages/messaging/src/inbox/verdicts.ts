import type { UnknownMessage } from '@jumun/protos';
import type { InboxRow } from './claims.ts';
import { type Command, CONTRADICTION } from './deliveries.ts';
import type { Decide, Participant } from './participant.ts';
import { commandFailed, replyOf, undone } from './replies.ts';

/** What becomes of a command: an answer, given now or before, or a dead letter. */
export type Verdict =
  | { readonly command: Command; readonly kind: 'decided' | 'repeated'; readonly reply: UnknownMessage }
  | { readonly command: Command; readonly kind: 'rejected'; readonly reason: string };

export interface Judgement {
  readonly verdicts: readonly Verdict[];
  /** By command id, those of dos that were undone before they came among them. */
  readonly replies: ReadonlyMap<string, UnknownMessage>;
  /** Whether the state may have changed. */
  readonly isDecided: boolean;
}

export const TOO_OLD = 'older than the inbox remembers; it may have been carried out before';

/**
 * Judges the commands of a batch, in order of arrival, each by its row of the inbox: ours to decide when this transaction claimed it,
 * else answered as before.
 */
export const judge = <State, C extends UnknownMessage, R extends UnknownMessage>(
  { decide }: Participant<State, C, R>,
  state: State,
  commands: readonly Command[],
  rows: ReadonlyMap<string, InboxRow>,
  token: string,
): Judgement => {
  const replies = new Map<string, UnknownMessage>();
  let isDecided = false;
  const isUnanswered = (id: string): boolean => rows.get(id)?.claim === token && !replies.has(id);

  const decided = ({ message, orderOfArrival }: Command): UnknownMessage => {
    const { id: commandId, time: issuedAt, key, undoes } = message;
    const decideOne = decide[message.type as C['$type']] as Decide<State, C, R>;
    isDecided = true;
    try {
      return decideOne(state, message.payload as C, { commandId, issuedAt, key, orderOfArrival, undoes });
    } catch (error) {
      return commandFailed(error);
    }
  };

  const verdictOn = (command: Command): Verdict => {
    const { id, fingerprint, undoes } = command.message;
    const row = rows.get(id);
    const given = replies.get(id);
    if (given !== undefined) return { command, kind: 'repeated', reply: given };
    if (row !== undefined && row.claim !== token) {
      if (row.fingerprint !== null && row.fingerprint !== fingerprint) return { command, kind: 'rejected', reason: CONTRADICTION };
      return { command, kind: 'repeated', reply: replyOf(row) };
    }
    if (command.isStale) return { command, kind: 'rejected', reason: TOO_OLD };
    if (row === undefined) throw new Error(`command ${id} was not claimed`);
    // The undo came first: its do will find that it is answered, now or ever after.
    if (undoes !== undefined && isUnanswered(undoes)) replies.set(undoes, undone());
    const reply = decided(command);
    replies.set(id, reply);
    return { command, kind: 'decided', reply };
  };

  const verdicts = commands.map(verdictOn);
  return { verdicts, replies, isDecided };
};

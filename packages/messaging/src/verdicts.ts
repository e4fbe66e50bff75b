import { common } from '@jumun/protos';
import { type Answer, answerOf, type Delivery, type InboxRow, storedAnswer } from './inbox.ts';
import type { Payload } from './message.ts';
import type { CommandMeta, Participant } from './participant.ts';

/** What a round makes of its deliveries. */
export interface Verdicts {
  /** By command id: what is answered, new or stored. */
  readonly answers: Map<string, Answer>;
  /** The new ones, among them `Undone` for dos whose undo came first. */
  readonly fresh: Map<string, Answer>;
  /** Deliveries of an id under which another command is known. */
  readonly idConflicts: Delivery[];
  /** What `decide` threw, by command id. */
  readonly thrown: Map<string, string>;
  duplicates: number;
}

export type DecideOne = (payload: Payload, meta: CommandMeta) => Payload;

/** How a participant decides, on the state that it has loaded. */
export const decideBy =
  <State, C extends Payload, R extends Payload>({ decide }: Participant<State, C, R>, state: State): DecideOne =>
  (payload, meta) => {
    const byType = decide as unknown as Record<string, ((state: State, command: Payload, metadata: typeof meta) => R) | undefined>;
    const one = byType[payload.$type];
    if (one === undefined) throw new Error(`no decision for ${payload.$type}`);
    return one(state, payload, meta);
  };

const UNDONE = answerOf(common.Undone.fromPartial({}));
export const failed = (reason: string): Answer => answerOf(common.CommandFailed.fromPartial({ reason }));

const metaOf = ({ message, id, undoes }: Delivery): CommandMeta => ({ commandId: id, issuedAt: message.time, key: message.key, undoes });

/**
 * Decides all deliveries in the order of their arrival. `others` are the rows that were claimed before, `condemned` the commands that have
 * failed for good and are not decided again.
 */
export const judge = (
  deliveries: readonly Delivery[],
  others: ReadonlyMap<string, InboxRow>,
  condemned: ReadonlyMap<string, string>,
  decide: DecideOne,
): Verdicts => {
  const verdicts: Verdicts = { answers: new Map(), fresh: new Map(), idConflicts: [], thrown: new Map(), duplicates: 0 };
  const { answers, fresh, idConflicts, thrown } = verdicts;
  const fingerprints = new Map<string, string>();
  const answer = (id: string, reply: Answer): void => {
    answers.set(id, reply);
    fresh.set(id, reply);
  };
  const isAnswered = (id: string): boolean => answers.has(id) || (others.get(id)?.replyType ?? null) !== null;

  for (const delivery of deliveries) {
    const { id, fingerprint, undoes, message } = delivery;
    const row = others.get(id);
    const known = row?.fingerprint ?? fingerprints.get(id) ?? fingerprint;
    if (known !== fingerprint) {
      idConflicts.push(delivery);
      continue;
    }
    fingerprints.set(id, fingerprint);
    const stored = answers.get(id) ?? (row && storedAnswer(row));
    if (stored !== undefined) {
      answers.set(id, stored);
      verdicts.duplicates++;
      continue;
    }
    // The do has not run. From here on it never will.
    if (undoes !== undefined && !isAnswered(undoes)) answer(undoes, UNDONE);
    const reason = condemned.get(id);
    if (reason !== undefined) {
      answer(id, failed(reason));
      continue;
    }
    try {
      answer(id, answerOf(decide(message.payload, metaOf(delivery))));
    } catch (error) {
      thrown.set(id, String(error));
    }
  }
  return verdicts;
};

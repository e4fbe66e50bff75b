import type { Definition } from './definition.ts';
import type { Definitions } from './definitions.ts';
import { advance, endOf, messagesOf } from './interpreter.ts';
import type { Input, SagaEnd, Transition, Verdict } from './interpreter.ts';
import { isOutstandingCommand } from './message.ts';
import type { Message } from './message.ts';
import type { Pace } from './pace.ts';
import type { Progress, TimelineEntry } from './progress.ts';
import type { Recent } from './recent.ts';
import { NOW_LAG_MAX_MS, type SagaChange, type StoredSaga } from './store.ts';

/** What became of one input. `failed`: a definition is unknown or a function of it threw; the saga was left as it was. */
export type SagaResult =
  | { readonly sagaId: string; readonly verdict: Verdict; readonly progress: Progress }
  | { readonly sagaId: string; readonly verdict: 'unknown-saga' }
  | { readonly sagaId: string; readonly verdict: 'failed'; readonly progress: Progress; readonly error: Error };

/** By what inputs are judged. */
export interface Rules {
  readonly advance: (definition: Definition, progress: Progress, input: Input, now: number, pace: Pace) => Transition;
  readonly messagesOf: (definition: Definition, progress: Progress) => readonly Message[];
  /**
   * Whether a verdict on a saga that was remembered holds. Only what is applied is written, and proved by that; any other has to be found
   * in the row: somebody may have asked what memory knows nothing of, and a reply that is ignored does not come again.
   */
  readonly isProvedByWrite: (verdict: SagaResult['verdict']) => boolean;
}

export const theRules: Rules = { advance, messagesOf, isProvedByWrite: (verdict) => verdict === 'applied' };

export interface Folding {
  readonly rules: Rules;
  readonly definitions: Definitions;
  readonly pace: Pace;
  readonly sent: Recent;
}

/** All inputs to one saga within a transaction, played one after the other. */
export interface Fold {
  readonly saga: StoredSaga;
  /** One for each input, in their order. */
  readonly results: SagaResult[];
  progress: Progress;
  end: SagaEnd | null;
  /** By command id: of a command that was asked twice in one fold, one message is enough. */
  readonly messages: Map<string, Message>;
  readonly timeline: TimelineEntry[];
}

/**
 * Plays the inputs to a saga. Whoever looked at which clock, no answer comes before its question; but a database's clock that was put back by more
 * than clocks may differ is followed, or all of the saga's deadlines would stay as far ahead.
 */
export const fold = (saga: StoredSaga, inputs: readonly Input[], now: number, by: Folding): Fold => {
  const folded: Fold = { saga, results: [], progress: saga.progress, end: null, messages: new Map(), timeline: [] };
  const { steps } = saga.progress;
  let at = now;
  for (const key in steps) {
    const { since = 0 } = steps[key]!;
    if (since <= now + NOW_LAG_MAX_MS) at = Math.max(at, since);
  }
  for (const input of inputs) folded.results.push(step(folded, input, at, by));
  return folded;
};

/** One input. Whatever a definition's own functions throw stays with this saga: the rest of the batch goes on. */
const step = (folded: Fold, input: Input, now: number, { rules, definitions, pace, sent }: Folding): SagaResult => {
  const sagaId = folded.saga.id;
  const before = folded.progress;
  try {
    const definition = definitions.find(before.saga, before.version);
    const { progress, verdict, messages, timeline } = rules.advance(definition, before, input, now, pace);
    const end = progress === before ? folded.end : endOf(definition, progress);
    // A repeated reply is how a crash between commit and send shows itself: whatever is outstanding is sent again, unless it is known to
    // be out. Else each reply that comes twice would ask everything after it twice, and a backlog would feed itself.
    const asked = verdict === 'stale' ? rules.messagesOf(definition, progress).filter(({ commandId }) => !sent.has(commandId)) : messages;
    for (const message of asked) folded.messages.set(message.commandId, message);
    folded.timeline.push(...timeline);
    folded.progress = progress;
    folded.end = end;
    return { sagaId, verdict, progress };
  } catch (error) {
    return { sagaId, verdict: 'failed', progress: before, error: error instanceof Error ? error : new Error(String(error)) };
  }
};

/** What has to be written, or null if nothing has moved. */
export const changeOf = ({ saga, progress, timeline, end }: Fold): SagaChange | null =>
  progress === saga.progress ? null : { id: saga.id, rowVersion: saga.rowVersion, before: saga.progress, after: progress, timeline, end };

/** The saga as it stands once the transaction is committed. */
export const standing = ({ saga, progress }: Fold): StoredSaga =>
  progress === saga.progress ? saga : { id: saga.id, rowVersion: saga.rowVersion + 1, progress };

/** Of all messages of the fold, those that its last state still wants: an input may have settled what an earlier one asked. */
export const toSend = ({ progress, messages }: Fold): readonly Message[] =>
  messages.size === 0 ? [] : [...messages.values()].filter(({ commandId }) => isOutstandingCommand(progress, commandId));

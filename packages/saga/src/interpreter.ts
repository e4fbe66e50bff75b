import { lastSegment } from './command.ts';
import type { Reply } from './command.ts';
import type { Definition, Reason } from './definition.ts';
import { isOutstanding, messageOf } from './message.ts';
import type { Message } from './message.ts';
import { defaultPace } from './pace.ts';
import type { Pace } from './pace.ts';
import { UNDO_SUFFIX } from './plan.ts';
import type { Plan } from './plan.ts';
import { hasEnded } from './progress.ts';
import type { Progress, StepState, TimelineEntry } from './progress.ts';
import {
  askAgain,
  beginRefusal,
  enter,
  expire,
  isOverLimit,
  note,
  openWork,
  reasonOf,
  refuseAsKnown,
  retryParked,
  schedule,
  settle,
  undoOn,
  waitAt,
} from './work.ts';
import type { Work } from './work.ts';

/** What may move a saga. */
export type Input =
  /** A participant's answer to the command of this id. */
  | { readonly kind: 'reply'; readonly commandId: string; readonly reply: Reply }
  /** Time has passed. */
  | { readonly kind: 'tick' }
  /** Ends the wait of this name. */
  | { readonly kind: 'signal'; readonly name: string }
  /** Refuses the saga, which is possible as long as the pivot has not been sent. */
  | ({ readonly kind: 'cancel' } & Reason)
  /** A person takes up a parked saga. */
  | { readonly kind: 'retry' };

/** What became of an input. All but `applied` left the saga as it was, save for a deadline that had passed before. */
export type Verdict =
  | 'applied'
  /** A reply to nothing that is outstanding: late, repeated or foreign. */
  | 'stale'
  /** A tick before anything is due. */
  | 'early'
  | 'not-waiting'
  | 'not-cancellable'
  | 'not-stuck';

export interface Transition<Data = unknown> {
  /** The very object that was given when nothing changed. */
  readonly progress: Progress<Data>;
  readonly verdict: Verdict;
  /** What has to be sent because of this transition. `messagesOf` tells all that is outstanding. */
  readonly messages: readonly Message[];
  readonly timeline: readonly TimelineEntry[];
}

/** Begins a saga. Store the progress, then send the messages. Times are epoch milliseconds throughout. */
export const begin = <Data>(
  definition: Definition<Data>,
  id: string,
  data: Data,
  now: number,
  pace: Pace = defaultPace,
): Transition<Data> => {
  const { name, version, plan } = definition;
  const work = openWork(plan, { id, saga: name, version, phase: 'running', stage: '', steps: {}, data, nextAt: null }, now, pace);
  note(work, 'started');
  enter(work, 0);
  return close<Data>(work, 'applied');
};

/** Moves a saga. Pure: the same arguments give the same transition. */
export const advance = <Data>(
  definition: Definition<Data>,
  progress: Progress<Data>,
  input: Input,
  now: number,
  pace: Pace = defaultPace,
): Transition<Data> => {
  const { plan } = definition;
  // The deadline of a wait is judged by the clock, not by who comes first: a signal after it is late even if no sweep came by.
  const expired = progress.phase === 'waiting' && now >= progress.until!;
  if (!expired && !mayMove(plan, progress, input, now)) return { progress, verdict: idle[input.kind], messages: [], timeline: [] };
  const work = openWork(plan, progress, now, pace);
  if (expired) {
    expire(work);
    return close<Data>(work, input.kind === 'tick' ? 'applied' : idle[input.kind]);
  }
  return close<Data>(work, apply(work, input) ? 'applied' : idle[input.kind]);
};

/** All that must be outstanding now, from the state alone: the stored saga is the outbox. Parked steps are not asked again. */
export const messagesOf = <Data>({ plan }: Definition<Data>, progress: Progress<Data>): Message[] => {
  const messages: Message[] = [];
  for (const key in progress.steps) if (isOutstanding(progress.steps[key]!)) messages.push(messageOf(plan, progress, key));
  return messages;
};

/** How a saga ended, with its event: identical at every call. Null while it has not ended. */
export const endOf = <Data, Event>({ plan }: Definition<Data, Event>, progress: Progress<Data>): SagaEnd<Event> | null => {
  const { phase, data, reason, endedAt } = progress;
  if (!hasEnded(progress)) return null;
  if (phase === 'completed') return { outcome: 'completed', endedAt: endedAt!, event: plan.ends.completed(data, endedAt!) as Event };
  return { outcome: 'refused', endedAt: endedAt!, reason: reason!, event: plan.ends.refused(data, reason!, endedAt!) as Event };
};

export type SagaEnd<Event = unknown> =
  | { readonly outcome: 'completed'; readonly endedAt: number; readonly event: Event }
  | { readonly outcome: 'refused'; readonly endedAt: number; readonly reason: Reason; readonly event: Event };

const idle = { reply: 'stale', tick: 'early', signal: 'not-waiting', cancel: 'not-cancellable', retry: 'not-stuck' } as const;

/** Cheap checks first, so that the many inputs that change nothing cost no copy. */
const mayMove = (plan: Plan, progress: Progress, input: Input, now: number): boolean => {
  switch (input.kind) {
    case 'reply':
      return lastSegment(input.reply.$type) !== 'Undone'
        ? awaited(progress, input.commandId) !== null
        : isUndoAwaited(progress, input.commandId);
    case 'tick':
      return progress.nextAt !== null && now >= progress.nextAt;
    case 'signal':
      return progress.phase === 'waiting' && progress.stage === input.name;
    case 'cancel':
      return progress.phase === 'waiting' || (progress.phase === 'running' && plan.indexOf.get(progress.stage)! < plan.pivotIndex);
    case 'retry':
      return !hasEnded(progress);
  }
};

const apply = (work: Work, input: Input): boolean => {
  const { next, plan, now } = work;
  switch (input.kind) {
    case 'reply':
      answer(work, input.commandId, input.reply);
      return true;
    case 'tick':
      if (refuseAsKnown(work)) return true;
      if (isOverLimit(work)) expire(work);
      else askAgain(work);
      return true;
    case 'signal':
      delete next.setback;
      note(work, 'signalled', { step: input.name });
      enter(work, plan.indexOf.get(input.name)! + 1);
      return true;
    case 'cancel':
      beginRefusal(work, input);
      return true;
    case 'retry':
      return retryParked(work);
    default:
      throw new Error(`Unknown input ${JSON.stringify(input satisfies never)} at ${now}.`);
  }
};

interface Awaited {
  readonly key: string;
  readonly state: StepState;
  readonly isUndo: boolean;
}

/** The step that a command id belongs to, if exactly this attempt of it is still awaited. */
const awaited = ({ id, steps }: Progress, commandId: string): Awaited | null => {
  const slash = commandId.lastIndexOf('/');
  if (slash <= id.length || !commandId.startsWith(id) || commandId[id.length] !== '/') return null;
  const name = commandId.slice(id.length + 1, slash);
  const isUndo = name.endsWith(UNDO_SUFFIX);
  const key = isUndo ? name.slice(0, -UNDO_SUFFIX.length) : name;
  if (!Object.hasOwn(steps, key)) return null;
  const state = steps[key]!;
  if (String(state.attempt) !== commandId.slice(slash + 1)) return null;
  const isAwaited = isUndo
    ? state.state === 'undo-asked' || state.state === 'undo-silent'
    : state.state === 'asked' || state.state === 'silent';
  return isAwaited ? { key, state, isUndo } : null;
};

const isUndoAwaited = (progress: Progress, commandId: string): boolean => awaited(progress, commandId)?.isUndo ?? false;

const answer = (work: Work, commandId: string, reply: Reply): void => {
  const { key, state, isUndo } = awaited(work.next, commandId)!;
  const name = lastSegment(reply.$type);
  const ms = work.now - state.since!;
  note(work, isUndo ? 'undone' : 'answered', { step: key, attempt: state.attempt, ms, reply: name });
  if (isUndo) {
    if (name === 'CommandFailed') return fail(work, key, state, reply);
    delete work.next.steps[key];
    return undoOn(work);
  }
  const step = work.plan.stepOf.get(key)!;
  const handler = Object.hasOwn(step.on, name) ? step.on[name] : undefined;
  if (name === 'CommandFailed' || handler === undefined) return fail(work, key, state, reply);
  const outcome = typeof handler === 'function' ? handler(work.next.data, reply) : handler;
  switch (outcome.kind) {
    case 'keep':
      if (outcome.data !== undefined) work.next.data = outcome.data;
      work.next.steps[key] = { state: 'done', attempt: state.attempt };
      return settle(work, step.stageIndex);
    case 'refuse':
      work.next.steps[key] = { state: 'refused', attempt: state.attempt, refusal: reasonOf(outcome) };
      return settle(work, step.stageIndex);
    case 'park':
      return parkStep(work, key, state, outcome.code);
    case 'wait-again':
      work.next.steps[key] = { state: 'declined', attempt: state.attempt };
      work.next.setback = { attempt: state.attempt, at: work.now, ...(outcome.reply !== undefined && { reply: outcome.reply }) };
      return waitAt(work, work.plan.indexOf.get(outcome.wait)!);
  }
};

/** A technical failure. Before the pivot the saga is refused; the failed step is undone too, whatever its failure left behind. A refusal that is known says more. */
const fail = (work: Work, key: string, state: StepState, reply: Reply): void => {
  const name = lastSegment(reply.$type);
  const why = name === 'CommandFailed' ? textOf(reply) : `UNEXPECTED_REPLY ${name}`;
  const { stageIndex } = work.plan.stepOf.get(key)!;
  if (work.next.phase !== 'running' || stageIndex >= work.plan.pivotIndex) return parkStep(work, key, state, why);
  if (!refuseAsKnown(work)) beginRefusal(work, { code: 'INTERNAL', details: { step: key, why } });
};

const textOf = (reply: Reply & { readonly reason?: unknown }): string =>
  typeof reply.reason === 'string' && reply.reason !== '' ? reply.reason : 'FAILED';

const parkStep = (work: Work, key: string, step: StepState, why: string): void => {
  const isUndo = step.state === 'undo-asked' || step.state === 'undo-silent';
  // Stored with the saga at each step, and a stack trace is somebody else's: enough to recognise the failure by.
  work.next.steps[key] = { ...step, state: isUndo ? 'undo-failed' : 'failed', why: why.slice(0, 200) };
  note(work, 'stuck', { step: key, attempt: step.attempt, code: why.slice(0, 200) });
};

const close = <Data>(work: Work, verdict: Verdict): Transition<Data> => {
  schedule(work);
  const progress = work.next as Progress<Data>;
  const messages: Message[] = [];
  // A step may have been asked and undone within one transition (a deadline that had passed): only what is still asked is sent.
  for (const key of work.asked) {
    const state = progress.steps[key];
    if (state && isOutstanding(state)) messages.push(messageOf(work.plan, progress, key));
  }
  return { progress, verdict, messages, timeline: work.timeline };
};

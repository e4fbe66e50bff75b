import type { Reason } from './definition.ts';
import { isOutstanding } from './message.ts';
import type { Pace } from './pace.ts';
import { waitMsAfter } from './pace.ts';
import { keysOf } from './plan.ts';
import type { Plan } from './plan.ts';
import type { Progress, StepState, TimelineEntry, TimelineKind } from './progress.ts';

type Draft = { -readonly [K in keyof Progress]: Progress[K] } & { steps: Record<string, StepState> };

/** One transition in the making: a shallow copy of the progress that the rules below change. */
export interface Work {
  readonly plan: Plan;
  readonly pace: Pace;
  readonly now: number;
  readonly next: Draft;
  /** The steps whose messages are new with this transition. */
  readonly asked: string[];
  readonly timeline: TimelineEntry[];
}

export const openWork = (plan: Plan, progress: Progress, now: number, pace: Pace): Work => ({
  plan,
  pace,
  now,
  next: { ...progress, steps: { ...progress.steps } },
  asked: [],
  timeline: [],
});

export const note = (work: Work, kind: TimelineKind, more?: Omit<TimelineEntry, 'at' | 'kind'>): void => {
  work.timeline.push({ at: work.now, kind, ...more });
};

const askFirst = (work: Work, key: string, attempt: number): void => {
  work.next.steps[key] = { state: 'asked', attempt, asks: 1, since: work.now };
  work.asked.push(key);
  note(work, 'asked', { step: key, attempt });
};

const askUndoFirst = (work: Work, key: string, attempt: number, undoes: number): void => {
  work.next.steps[key] = { state: 'undo-asked', attempt, asks: 1, since: work.now, undoes };
  work.asked.push(key);
  note(work, 'undo-asked', { step: key, attempt });
};

/** Goes on to the stage at `index`, over those that have nothing to do. */
export const enter = (work: Work, from: number): void => {
  const { next, plan, now } = work;
  // The time limit of a stage ends with it. A pivot, however, keeps the deadline of the wait before it: it may be taken back there.
  if (plan.stages[from - 1]?.kind === 'stage') delete next.until;
  for (let index = from; ; index++) {
    const stage = plan.stages[index];
    // Nothing is undone beyond the pivot, so what happened before it need not be remembered.
    if (index === plan.pivotIndex + 1) next.steps = {};
    if (stage === undefined) return end(work, 'completed');
    next.stage = stage.name;
    if (stage.kind === 'wait') {
      if (stage.when && !stage.when(next.data)) continue;
      return waitAt(work, index);
    }
    if (stage.kind === 'stage' || index > plan.pivotIndex) delete next.until;
    next.phase = 'running';
    let asked = false;
    for (const key of keysOf(stage)) {
      const step = plan.stepOf.get(key)!;
      if (step.when && !step.when(next.data)) continue;
      askFirst(work, key, (next.steps[key]?.attempt ?? 0) + 1);
      asked = true;
    }
    if (!asked) continue;
    if (stage.kind === 'stage' && stage.limit) next.until = now + stage.limit.atMostMs;
    return;
  }
};

/** Waits at the wait at `index`, with the deadline it already has or a new one; a deadline that has passed refuses at once. */
export const waitAt = (work: Work, index: number): void => {
  const { next, plan, now } = work;
  const stage = plan.stages[index]!;
  if (stage.kind !== 'wait') throw new Error(`'${stage.name}' of saga '${next.saga}' is not a wait.`);
  next.stage = stage.name;
  next.phase = 'waiting';
  next.until ??= now + (typeof stage.atMostMs === 'function' ? stage.atMostMs(next.data) : stage.atMostMs);
  note(work, 'waiting', { step: stage.name });
  if (now >= next.until) beginRefusal(work, stage.otherwise);
};

export const reasonOf = ({ code, details }: Reason): Reason => (details === undefined ? { code } : { code, details });

/** Refuses the saga: everything that may have happened is undone, so not the steps that said no. */
export const beginRefusal = (work: Work, reason: Reason, sayingNo?: string): void => {
  const { next, plan } = work;
  next.phase = 'undoing';
  next.reason = reasonOf(reason);
  delete next.until;
  delete next.setback;
  note(work, 'refusing', { code: reason.code, ...(sayingNo !== undefined && { step: sayingNo }) });
  for (const key of Object.keys(next.steps)) {
    const { state, attempt } = next.steps[key]!;
    if (state === 'refused' || state === 'declined' || !plan.stepOf.get(key)!.undo) delete next.steps[key];
    else next.steps[key] = { state: 'undo', attempt: 1, undoes: attempt };
  }
  undoOn(work);
};

/**
 * Goes on when the stage is done. Refused it is with what the first step *as they are written* says, whoever answers first: a refusal
 * waits for the answers of the steps before it, so the same facts give the same reason. It does not wait for those that are silent.
 */
export const settle = (work: Work, stageIndex: number): void => {
  let isDone = true;
  for (const key of keysOf(work.plan.stages[stageIndex]!)) {
    const step = work.next.steps[key];
    if (step === undefined || step.state === 'done') continue; // left out, or done
    if (step.state === 'refused') return beginRefusal(work, step.refusal!, key);
    if (step.state !== 'silent') return;
    isDone = false;
  }
  if (isDone) enter(work, stageIndex + 1);
};

/** Refuses with the first refusal that is known, if there is one: the steps before it had their time to answer. */
export const refuseAsKnown = (work: Work): boolean => {
  for (const key of keysOf(work.plan.stages[work.plan.indexOf.get(work.next.stage)!]!)) {
    const refusal = work.next.steps[key]?.refusal;
    if (refusal === undefined) continue;
    beginRefusal(work, refusal, key);
    return true;
  }
  return false;
};

/** Asks for the undos of the latest stage that has any left; stages are undone in reverse, and the saga ends after the last answer. */
export const undoOn = (work: Work): void => {
  const { next, plan } = work;
  let latest = -1;
  for (const key in next.steps) latest = Math.max(latest, plan.stepOf.get(key)!.stageIndex);
  if (latest === -1) return end(work, 'refused');
  for (const key in next.steps) {
    const { state, attempt, undoes } = next.steps[key]!;
    if (state === 'undo' && plan.stepOf.get(key)!.stageIndex === latest) askUndoFirst(work, key, attempt, undoes!);
  }
};

/** Whether the time of a limited stage is over. */
export const isOverLimit = ({ next, plan, now }: Work): boolean =>
  next.phase === 'running' && next.until !== undefined && now >= next.until && plan.indexOf.get(next.stage)! < plan.pivotIndex;

/** Refuses the saga because the time of its wait or stage is over. */
export const expire = (work: Work): void => {
  const stage = work.plan.stages[work.plan.indexOf.get(work.next.stage)!]!;
  if (stage.kind === 'wait') beginRefusal(work, stage.otherwise);
  else if (stage.kind === 'stage' && stage.limit) beginRefusal(work, stage.limit.otherwise);
};

/** Silence: the same commands again under the same ids, or parked once they were asked too often. */
export const askAgain = (work: Work): void => {
  const { next, pace } = work;
  for (const key in next.steps) {
    const step = next.steps[key]!;
    if (!isOutstanding(step)) continue;
    const isUndo = step.state === 'undo-asked';
    if (step.asks! >= pace.asksMax) {
      next.steps[key] = { ...step, state: isUndo ? 'undo-silent' : 'silent' };
      note(work, 'stuck', { step: key, attempt: step.attempt, code: 'NO_ANSWER' });
    } else {
      next.steps[key] = { ...step, asks: step.asks! + 1 };
      work.asked.push(key);
      note(work, isUndo ? 'undo-asked-again' : 'asked-again', { step: key, attempt: step.attempt });
    }
  }
};

/** A person's retry: silent steps are asked again under their old id, failed ones as a new attempt. Says whether there were any. */
export const retryParked = (work: Work): boolean => {
  const { next } = work;
  let any = false;
  for (const key in next.steps) {
    const step = next.steps[key]!;
    const { state, attempt } = step;
    if (state !== 'silent' && state !== 'undo-silent' && state !== 'failed' && state !== 'undo-failed') continue;
    note(work, 'retried', { step: key, attempt });
    any = true;
    if (state === 'failed') askFirst(work, key, attempt + 1);
    else if (state === 'undo-failed') askUndoFirst(work, key, attempt + 1, step.undoes!);
    else {
      next.steps[key] = { ...step, state: state === 'silent' ? 'asked' : 'undo-asked', asks: 1 };
      work.asked.push(key);
    }
  }
  return any;
};

const end = (work: Work, phase: 'completed' | 'refused'): void => {
  const { next, now } = work;
  next.phase = phase;
  next.steps = {};
  next.endedAt = now;
  delete next.until;
  delete next.setback;
  note(work, phase, phase === 'refused' ? { code: next.reason!.code } : undefined);
};

/** Sets `nextAt` by what is outstanding after the transition. */
export const schedule = (work: Work): void => {
  const { next, plan, pace, now } = work;
  if (next.phase === 'completed' || next.phase === 'refused') next.nextAt = null;
  else if (next.phase === 'waiting') next.nextAt = next.until!;
  else {
    let outstanding = false;
    for (const key in next.steps) outstanding ||= isOutstanding(next.steps[key]!);
    if (!outstanding) next.nextAt = null;
    for (const key of work.asked) next.nextAt = now + waitMsAfter(next.steps[key]?.asks ?? 1, pace);
    const limited = next.phase === 'running' && next.until !== undefined && next.stage !== plan.stages[plan.pivotIndex]!.name;
    if (limited) next.nextAt = Math.min(next.nextAt ?? next.until!, next.until!);
  }
};

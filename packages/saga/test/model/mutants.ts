import { advance } from '../../src/index.ts';
import type { Message, Progress, StepState, Transition } from '../../src/index.ts';
import { bookTrip } from '../trip.ts';
import type { Trip } from '../trip.ts';
import { pace, realInterpreter } from './world.ts';
import type { Interpreter } from './world.ts';

type Advance = Interpreter['advance'];

const real: Advance = realInterpreter.advance;
const mutant = (mutated: Advance): Interpreter => ({ advance: mutated, messagesOf: realInterpreter.messagesOf });

const mapSteps = (progress: Progress<Trip>, change: (step: StepState, key: string) => StepState): Progress<Trip> => ({
  ...progress,
  steps: Object.fromEntries(Object.entries(progress.steps).map(([key, step]) => [key, change(step, key)])),
});

/** The command ids of undos that are asked, with whether `before` knew the answer of their do. */
const undosIn = ({ id, steps }: Progress): { key: string; commandId: string }[] =>
  Object.entries(steps)
    .filter(([, { state }]) => state === 'undo-asked')
    .map(([key, { attempt }]) => ({ key, commandId: `${id}/${key}.undo/${attempt}` }));

/** Pretends that these undos were acknowledged. */
const acknowledge = (transition: Transition<Trip>, commandIds: readonly string[], now: number): Transition<Trip> =>
  commandIds.reduce((done, commandId) => {
    const next = advance(bookTrip, done.progress, { kind: 'reply', commandId, reply: { $type: 'mutant.Acknowledged' } }, now, pace);
    return { ...done, progress: next.progress, messages: [...done.messages, ...next.messages] };
  }, transition);

const without = (transition: Transition<Trip>, commandIds: readonly string[]): Transition<Trip> => ({
  ...transition,
  messages: transition.messages.filter(({ commandId }) => !commandIds.includes(commandId)),
});

/** Makes a saga that is at its pivot look as if it were still before it. */
const asIfBeforePivot = (progress: Progress<Trip>): Progress<Trip> =>
  progress.stage === 'pay' && progress.phase === 'running' ? { ...progress, stage: 'guide' } : progress;

const firstOutstanding = ({ steps }: Progress, key: string): number | undefined => {
  const step = steps[key];
  return step && (step.state === 'asked' || step.state === 'silent') ? step.attempt : undefined;
};

const withoutUndoes = (message: Message): Message => ({ ...message, undoes: undefined });

/** Interpreters with one rule broken each. The model has to notice every one of them. */
export const mutants: Readonly<Record<string, Interpreter>> = {
  'no undo of a do whose answer is unknown': mutant((before, input, now) => {
    const transition = real(before, input, now);
    if (before.phase === 'undoing') return transition;
    const unknown = undosIn(transition.progress).filter(
      ({ key }) => before.steps[key]?.state === 'asked' || before.steps[key]?.state === 'silent',
    );
    const ids = unknown.map(({ commandId }) => commandId);
    return without(acknowledge(transition, ids, now), ids);
  }),

  'no undo of a do that is known to have happened': mutant((before, input, now) => {
    const transition = real(before, input, now);
    const done = undosIn(transition.progress).filter(({ key }) => before.steps[key]?.state === 'done');
    const ids = done.map(({ commandId }) => commandId);
    return without(acknowledge(transition, ids, now), ids);
  }),

  'the end is told before its undos are acknowledged': mutant((before, input, now) => {
    let transition = real(before, input, now);
    while (transition.progress.phase === 'undoing' && undosIn(transition.progress).length > 0) {
      transition = acknowledge(
        transition,
        undosIn(transition.progress).map(({ commandId }) => commandId),
        now,
      );
    }
    return transition;
  }),

  'the first refusal decides, whichever step it is of': mutant((before, input, now) => {
    const transition = real(before, input, now);
    const isRefused = Object.values(transition.progress.steps).some(({ state }) => state === 'refused');
    return isRefused ? real({ ...transition.progress, nextAt: now }, { kind: 'tick' }, now) : transition;
  }),

  'an undo that does not name its do': {
    advance: (before, input, now) => {
      const transition = real(before, input, now);
      return { ...transition, messages: transition.messages.map(withoutUndoes) };
    },
    messagesOf: (progress) => realInterpreter.messagesOf(progress).map(withoutUndoes),
  },

  'the attempt rises after silence': mutant((before, input, now) => {
    const transition = real(before, input, now);
    if (input.kind !== 'tick' || transition.progress.phase !== before.phase) return transition;
    const progress = mapSteps(transition.progress, (step, key) =>
      step.state === 'asked' && before.steps[key]?.asks !== step.asks ? { ...step, attempt: step.attempt + 1 } : step,
    );
    return { ...transition, progress, messages: realInterpreter.messagesOf(progress) };
  }),

  'a stale reply is taken for the present attempt': mutant((before, input, now) => {
    if (input.kind !== 'reply') return real(before, input, now);
    const [id, key] = input.commandId.split('/') as [string, string];
    const attempt = firstOutstanding(before, key);
    return real(before, attempt === undefined ? input : { ...input, commandId: `${id}/${key}/${attempt}` }, now);
  }),

  'a retry under the old id although the old answer is stored': mutant((before, input, now) => {
    const transition = real(before, input, now);
    if (input.kind !== 'retry' && input.kind !== 'signal') return transition;
    const progress = mapSteps(transition.progress, (step) => (step.state === 'asked' && step.attempt > 1 ? { ...step, attempt: 1 } : step));
    return { ...transition, progress, messages: realInterpreter.messagesOf(progress) };
  }),

  'cancellation after the pivot was sent': mutant((before, input, now) =>
    real(input.kind === 'cancel' ? asIfBeforePivot(before) : before, input, now),
  ),

  'time-out after the pivot was sent': mutant((before, input, now) => {
    const late = input.kind === 'tick' && before.phase === 'running' && before.stage === 'pay';
    return late ? real(asIfBeforePivot(before), { kind: 'cancel', code: 'TIMEOUT' }, now) : real(before, input, now);
  }),

  'a failed commit is compensated': mutant((before, input, now) => {
    const transition = real(before, input, now);
    const { progress } = transition;
    const failed = progress.stage === 'commit' && Object.values(progress.steps).some(({ state }) => state === 'failed');
    return failed
      ? { ...transition, progress: { ...progress, phase: 'refused', steps: {}, nextAt: null, reason: { code: 'X' }, endedAt: now } }
      : transition;
  }),

  'a deadline comes too early': mutant((before, input, now) => {
    const transition = real(before, input, now);
    const { progress } = transition;
    return progress.phase === 'waiting'
      ? { ...transition, progress: { ...progress, until: now + 1_000, nextAt: now + 1_000 } }
      : transition;
  }),

  'silence is not answered by asking again': mutant((before, input, now) => {
    const transition = real(before, input, now);
    return input.kind === 'tick' ? { ...transition, progress: { ...transition.progress, nextAt: null }, messages: [] } : transition;
  }),

  'nothing is sent again for a repeated reply, nor by the sweep': {
    advance: (before, input, now) => (input.kind === 'tick' ? { ...real(before, input, now), messages: [] } : real(before, input, now)),
    messagesOf: () => [],
  },

  'a reply is ignored because memory does not wait for it': { ...realInterpreter, memoryFault: 'any verdict is believed' },

  'what was not committed is remembered': { ...realInterpreter, memoryFault: 'kept before the commit' },

  'what is remembered is written over what another has written': { ...realInterpreter, memoryFault: 'versions are not checked' },
};

import type { CommandType, Payload } from './command.ts';
import { UNDO_SUFFIX } from './plan.ts';
import type { Plan } from './plan.ts';
import type { Progress, StepState } from './progress.ts';

/** A command to be sent. Sending it again is always safe: id, payload and `issuedAt` are the same every time. */
export interface Message {
  readonly sagaId: string;
  /** `sagaId/step/attempt`. */
  readonly commandId: string;
  readonly command: CommandType;
  /** With its `$type`. */
  readonly payload: Payload;
  /** Of an undo: the command id of the do, which may have run, may run later, or never. */
  readonly undoes?: string;
  /** When this command was asked first, in epoch milliseconds. */
  readonly issuedAt: number;
  /** How often it has been asked, this time included. */
  readonly asks: number;
}

export const isOutstanding = ({ state }: StepState): boolean => state === 'asked' || state === 'undo-asked';

const commandIdOf = (sagaId: string, key: string, { state, attempt }: StepState): string =>
  `${sagaId}/${key}${state === 'undo-asked' ? UNDO_SUFFIX : ''}/${attempt}`;

/** Whether this very command still has to be out there. */
export const isOutstandingCommand = ({ id, steps }: Progress, commandId: string): boolean => {
  for (const key in steps) if (isOutstanding(steps[key]!) && commandIdOf(id, key, steps[key]!) === commandId) return true;
  return false;
};

/** The message of a step that is asked, or whose undo is. */
export const messageOf = (plan: Plan, progress: Progress, key: string): Message => {
  const step = plan.stepOf.get(key)!;
  const state = progress.steps[key]!;
  const isUndo = state.state === 'undo-asked';
  const { command, payload } = isUndo ? step.undo! : step.ask;
  return {
    sagaId: progress.id,
    commandId: commandIdOf(progress.id, key, state),
    command,
    payload: payload(progress.data),
    ...(isUndo && { undoes: `${progress.id}/${key}/${state.undoes}` }),
    issuedAt: state.since!,
    asks: state.asks!,
  };
};

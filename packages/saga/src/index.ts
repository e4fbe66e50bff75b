export { ask } from './command.ts';
export type { Ask, CommandType, GenericReplyName, LastSegment, Payload, Reply } from './command.ts';
export { saga } from './definition.ts';
export type {
  Closing,
  Definition,
  Ends,
  FinalStep,
  Handler,
  Handlers,
  Opening,
  Pivot,
  Reason,
  StageLimit,
  Step,
  Wait,
} from './definition.ts';
export { definitionsOf, UnknownDefinitionError } from './definitions.ts';
export type { Definitions } from './definitions.ts';
export { advance, begin, endOf, messagesOf } from './interpreter.ts';
export type { Input, SagaEnd, Transition, Verdict } from './interpreter.ts';
export type { Message } from './message.ts';
export { keep, keepWith, park, refuse, waitAgain } from './outcome.ts';
export type { Kept, Outcome, Parked, Refused, WaitsAgain } from './outcome.ts';
export { defaultPace } from './pace.ts';
export type { Pace } from './pace.ts';
export { hasEnded, stuckOf } from './progress.ts';
export type { Phase, Progress, Setback, StepState, Stuck, TimelineEntry, TimelineKind } from './progress.ts';
export type { SagaResult } from './fold.ts';
export { sagaRunner } from './runner.ts';
export type { Moved, RunnerOptions, SagaInput, SagaRunner, Swept } from './runner.ts';
export { NOW_LAG_MAX_MS, StaleSagaError } from './store.ts';
export type { SagaChange, SagaStore, StoredSaga } from './store.ts';

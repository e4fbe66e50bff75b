import { messageTypeRegistry } from '@jumun/protos';
import { type Progress, type SagaChange, stuckOf } from '@jumun/saga';
import { sqlTimeOrNull } from './sql-time.ts';

/** What is read of a saga's row. */
export interface SagaRow {
  readonly id: string;
  readonly version: number;
  readonly definition: string;
  readonly definitionVersion: number;
  readonly progress: string;
  readonly data: string;
  /** The database's clock, epoch milliseconds. */
  readonly now: number;
}

type InOtherColumns = 'id' | 'saga' | 'version' | 'data';
type State = { readonly [K in Exclude<keyof Required<Progress>, InOtherColumns>]: Progress[K] };

/** Where a saga stands, without what other columns of its row say. */
export const stateOf = ({ phase, stage, steps, nextAt, until, setback, reason, endedAt }: Progress): State => ({
  phase,
  stage,
  steps,
  nextAt,
  until,
  setback,
  reason,
  endedAt,
});

export const progressOf = ({ id, definition, definitionVersion, progress, data }: SagaRow): Progress => ({
  id,
  saga: definition,
  version: definitionVersion,
  ...(JSON.parse(progress) as State),
  data: JSON.parse(data) as unknown,
});

interface TypedMessage {
  readonly $type: string;
}

/** An event as its row keeps it: the canonical JSON of protobuf, from which the very same bytes are made again. */
export const frozenEvent = (event: TypedMessage): unknown => messageTypeRegistry.get(event.$type)?.toJSON(event);

export const thawedEvent = (type: string, payload: string): TypedMessage =>
  messageTypeRegistry.get(type)?.fromJSON(JSON.parse(payload)) ?? { $type: type };

/**
 * A row for `UPDATE_SAGAS`. Data is written only when a step has changed it; the event once, at the end. An ended saga stays due until its
 * event is known to be out.
 */
export const changedRow = ({ id, rowVersion, before, after, end }: SagaChange, eventResendMs: number): unknown[] => {
  const event = end?.event as TypedMessage | undefined;
  const nextAt = end === null ? after.nextAt : end.endedAt + eventResendMs;
  return [
    id,
    rowVersion,
    sqlTimeOrNull(nextAt),
    stuckOf(after) === null ? 0 : 1,
    end === null ? null : end.outcome.toUpperCase(),
    event?.$type ?? null,
    stateOf(after),
    { data: before.data === after.data ? undefined : after.data, event: event === undefined ? undefined : frozenEvent(event) },
  ];
};

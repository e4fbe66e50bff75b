import { messageTypeRegistry } from '@jumun/protos';
import { type Progress, type SagaChange, stuckOf } from '@jumun/saga';
import { finalEvent } from '../order-message.ts';
import { sqlTimeOrNull } from './sql-time.ts';
import { timelineOf } from './timeline.ts';

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

/** An event as its row keeps it, and as every sending has it: the bytes of its protobuf, in base64. */
export const frozenEvent = (event: TypedMessage): string =>
  Buffer.from(messageTypeRegistry.get(event.$type)?.encode(event).finish() ?? []).toString('base64');

export const thawedEvent = (type: string, payload: string): TypedMessage =>
  messageTypeRegistry.get(type)?.decode(Buffer.from(payload, 'base64')) ?? { $type: type };

/** For columns that a move leaves as they are. */
const WRITTEN_BEFORE = '';

/** The columns of a move. `changedRow` below has their values in the same order: a row as an object would take ten times as long to make. */
export const CHANGED_COLUMNS = [
  'id',
  'version',
  'data',
  'timeline',
  'next_at',
  'progress',
  'stuck',
  'outcome',
  'event_type',
  'event_payload',
  'order_id',
  'definition',
  'definition_version',
] as const;
type CellOfEach<Columns extends readonly string[]> = { [Column in keyof Columns]: string | number | null };

/**
 * A row of a move: id, the version that was read, and what is new. Data is written only when a step has changed it; the event once, at the
 * end. An ended saga stays due until its event is known to be out.
 */
export const changedRow = (change: SagaChange, eventResendMs: number): CellOfEach<typeof CHANGED_COLUMNS> => {
  const { id, rowVersion, before, after, end } = change;
  const event = finalEvent(change);
  const nextAt = end === null ? after.nextAt : end.endedAt + eventResendMs;
  return [
    id,
    rowVersion,
    before.data === after.data ? WRITTEN_BEFORE : JSON.stringify(after.data),
    timelineOf(change),
    sqlTimeOrNull(nextAt),
    JSON.stringify(stateOf(after)),
    stuckOf(after) === null ? 0 : 1,
    end === null ? null : end.outcome.toUpperCase(),
    event?.$type ?? null,
    event === null ? null : frozenEvent(event),
    WRITTEN_BEFORE,
    WRITTEN_BEFORE,
    0,
  ];
};

import type { Progress, SagaChange, TimelineEntry as SagaEntry } from '@jumun/saga';
import type { Database } from '@jumun/service-kit';
import { pathOf, type PlacedOrder } from '../order.ts';
import { sourceOf, statusOf } from '../place-order.ts';

/** Something that happened to an order. */
export interface TimelineEntry {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly source: string;
  readonly kind: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/**
 * From this size on a history is told no move more that is one of the saga itself. Asking again, parking and a person's retry have no end of
 * their own: they are counted on (`jumun_saga_asked_again_total`, the log), but not told, nor is a failure that parks. All that takes an order on is. Nobody comes near it without a person:
 * an order whose every command is parked once has told 6 KB, a common one less than 1 KB.
 */
export const TOLD_BYTES_MAX = 65_536;

/** The history of a saga's row with the line of a move behind it, as SQL. Quotes within what somebody has said are escaped, so they cannot match. */
export const APPENDED = `
  IF(LENGTH(sagas.timeline) < ${TOLD_BYTES_MAX} OR VALUES(timeline) NOT LIKE '%"source":"saga"%', CONCAT(sagas.timeline, VALUES(timeline)), sagas.timeline)`;

/** A status of the order. */
const statusEntry = (at: number, status: string): TimelineEntry => ({ at, source: 'order', kind: status, detail: {} });

/** A participant says in its own words why it failed, SQL and all: those are for the log, and whoever reads the history is told of what kind it was. */
const kindOfStuck = (code = ''): string => (code === 'NO_ANSWER' || code.startsWith('UNEXPECTED_REPLY') ? code : 'COMMAND_FAILED');

// Asking and ending show in the status and in the answers; what is left is what a person wants to see.
const stepEntry = ({ at, kind, step = '', attempt, ms, reply, code }: SagaEntry): TimelineEntry | null => {
  const detail = { step, attempt, durationMs: ms, code };
  switch (kind) {
    case 'answered':
    case 'undone':
      return { at, source: sourceOf(step), kind: reply ?? kind, detail };
    case 'asked-again':
    case 'undo-asked-again':
    case 'retried':
      return { at, source: 'saga', kind, detail };
    case 'stuck':
      return { at, source: 'saga', kind, detail: { ...detail, code: kindOfStuck(code) } };
    default:
      return null;
  }
};

/** How the history of an accepted order begins: the first of its lines. Each line has what one move of the saga was made of, as JSON. */
export const timelineBegun = (saga: Progress<PlacedOrder>): string =>
  JSON.stringify((['PENDING', statusOf(saga)] as const).map((status) => statusEntry(saga.data.createdAt, status)));

/** What a change adds to the order's history: a line with the answers that moved it, then where it stands now. '' if there is nothing to tell. */
export const timelineOf = ({ before, after, timeline }: SagaChange): string => {
  const entries: TimelineEntry[] = [];
  for (const each of timeline) {
    const entry = stepEntry(each);
    if (entry !== null) entries.push(entry);
  }
  const at = timeline.at(-1)?.at ?? Date.now();
  for (const status of pathOf(statusOf(before), statusOf(after))) entries.push(statusEntry(at, status));
  return entries.length === 0 ? '' : `\n${JSON.stringify(entries)}`;
};

/** An order's history is its saga's, and the saga that places an order has the order's id. */
export const READ_TIMELINE = 'SELECT timeline FROM sagas FORCE INDEX (PRIMARY) WHERE id = ?';

/** What happened to an order, in the order in which it was written: two moves of one moment may be dated the other way round, by some milliseconds. */
export const readTimeline = async (db: Pick<Database, 'query'>, orderId: string): Promise<TimelineEntry[]> => {
  const rows = await db.query<{ timeline: string }>(READ_TIMELINE, [orderId]);
  return rows.flatMap(({ timeline }) => timeline.split('\n').flatMap((line) => JSON.parse(line) as TimelineEntry[]));
};

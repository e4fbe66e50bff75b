import type { SagaChange, TimelineEntry as SagaEntry } from '@jumun/saga';
import type { Database } from '@jumun/service-kit';
import { pathOf, type PlacedOrder } from '../order.ts';
import { sourceOf } from '../participants.ts';
import { statusOf } from '../place-order.ts';

/** Something that happened to an order. */
export interface TimelineEntry {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly source: string;
  readonly kind: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** `[orderId, sagaId, the saga's version after the move, what the move was made of, as JSON]`: one row a move. */
export type TimelineRow = readonly [string, string, number, string];

export const TIMELINE = 'timeline (order_id, saga_id, version, entries)';
/** A row is there only if the same version of the saga was written, which is what the write of the saga finds and says. */
export const WRITTEN_ONCE = 'ON DUPLICATE KEY UPDATE saga_id = timeline.saga_id';

/** A status of the order. */
export const statusEntry = (at: number, status: string): TimelineEntry => ({ at, source: 'order', kind: status, detail: {} });

// Asking and ending show in the status and in the answers; what is left is what a person wants to see.
const stepEntry = ({ at, kind, step = '', attempt, ms, reply, code }: SagaEntry): TimelineEntry | null => {
  const detail = { step, attempt, durationMs: ms, code };
  switch (kind) {
    case 'answered':
    case 'undone':
      return { at, source: sourceOf(step), kind: reply ?? kind, detail };
    case 'asked-again':
    case 'undo-asked-again':
    case 'stuck':
    case 'retried':
      return { at, source: 'saga', kind, detail };
    default:
      return null;
  }
};

/** What a change adds to the order's history: the answers that moved it, then where it stands now. None, if there is nothing to tell. */
export const timelineOf = ({ id, rowVersion, before, after, timeline }: SagaChange): TimelineRow[] => {
  const entries: TimelineEntry[] = [];
  for (const each of timeline) {
    const entry = stepEntry(each);
    if (entry !== null) entries.push(entry);
  }
  const at = timeline.at(-1)?.at ?? Date.now();
  for (const status of pathOf(statusOf(before), statusOf(after))) entries.push(statusEntry(at, status));
  return entries.length === 0 ? [] : [[(after.data as PlacedOrder).id, id, rowVersion + 1, JSON.stringify(entries)]];
};

export const READ_TIMELINE = 'SELECT entries FROM timeline WHERE order_id = ? ORDER BY saga_id, version';

/** What happened to an order, oldest first. */
export const readTimeline = async (db: Pick<Database, 'query'>, orderId: string): Promise<TimelineEntry[]> => {
  const rows = await db.query<{ entries: string }>(READ_TIMELINE, [orderId]);
  return rows.flatMap(({ entries }) => JSON.parse(entries) as TimelineEntry[]).sort((a, b) => a.at - b.at);
};

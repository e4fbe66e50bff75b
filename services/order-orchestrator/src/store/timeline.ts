import type { SagaChange, TimelineEntry } from '@jumun/saga';
import { pathOf } from '../order.ts';
import { sourceOf } from '../participants.ts';
import { statusOf } from '../place-order.ts';
import { sqlTime } from './sql-time.ts';

/** `[orderId, at, source, kind, detail as JSON]` */
export type TimelineRow = readonly [string, string, string, string, string];

export const TIMELINE = 'timeline (order_id, at, source, kind, detail)';

const NOTHING_MORE = '{}';

/** A status of the order. */
export const statusRow = (orderId: string, atMs: number, status: string): TimelineRow => [
  orderId,
  sqlTime(atMs),
  'order',
  status,
  NOTHING_MORE,
];

// Asking and ending show in the status and in the answers; what is left is what a person wants to see.
const stepRow = (orderId: string, { at, kind, step = '', attempt, ms, reply, code }: TimelineEntry): TimelineRow | null => {
  switch (kind) {
    case 'answered':
    case 'undone':
      return [orderId, sqlTime(at), sourceOf(step), reply ?? kind, JSON.stringify({ step, attempt, durationMs: ms, code })];
    case 'asked-again':
    case 'undo-asked-again':
    case 'stuck':
    case 'retried':
      return [orderId, sqlTime(at), 'saga', kind, JSON.stringify({ step, attempt, durationMs: ms, code })];
    default:
      return null;
  }
};

/** What a change adds to the order's history: the answers that moved it, then where it stands now. */
export const timelineOf = ({ id, before, after, timeline }: SagaChange): TimelineRow[] => {
  const rows: TimelineRow[] = [];
  for (const entry of timeline) {
    const row = stepRow(id, entry);
    if (row !== null) rows.push(row);
  }
  const at = timeline.at(-1)?.at ?? Date.now();
  for (const status of pathOf(statusOf(before), statusOf(after))) rows.push(statusRow(id, at, status));
  return rows;
};

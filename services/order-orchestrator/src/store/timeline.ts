import type { SagaChange, TimelineEntry } from '@jumun/saga';
import { pathOf } from '../order.ts';
import { sourceOf } from '../participants.ts';
import { statusOf } from '../place-order.ts';
import { sqlTime } from './sql-time.ts';

/** `[orderId, at, source, kind, detail]` */
export type TimelineRow = readonly [string, string, string, string, string];

export const INSERT_TIMELINE = `
  INSERT INTO timeline (order_id, at, source, kind, detail)
  SELECT j.order_id, j.at, j.source, j.kind, j.detail
    FROM JSON_TABLE(?, '$[*]' COLUMNS (
           order_id CHAR(36) CHARACTER SET ascii PATH '$[0]', at DATETIME(3) PATH '$[1]', source VARCHAR(32) CHARACTER SET ascii PATH '$[2]',
           kind VARCHAR(64) CHARACTER SET ascii PATH '$[3]', detail TEXT CHARACTER SET utf8mb4 PATH '$[4]')) j`;

/** A status of the order. */
export const statusRow = (orderId: string, atMs: number, status: string): TimelineRow => [orderId, sqlTime(atMs), 'order', status, '{}'];

// Asking and ending show in the status and in the answers; what is left is what a person wants to see.
const stepRow = (orderId: string, { at, kind, step = '', attempt, ms, reply, code }: TimelineEntry): TimelineRow | null => {
  const detail = JSON.stringify({ step, attempt, durationMs: ms, code });
  switch (kind) {
    case 'answered':
    case 'undone':
      return [orderId, sqlTime(at), sourceOf(step), reply ?? kind, detail];
    case 'asked-again':
    case 'undo-asked-again':
    case 'stuck':
    case 'retried':
      return [orderId, sqlTime(at), 'saga', kind, detail];
    default:
      return null;
  }
};

/** What a change adds to the order's history: the answers that moved it, then where it stands now. */
export const timelineOf = ({ id, before, after, timeline }: SagaChange): TimelineRow[] => {
  const at = timeline.at(-1)?.at ?? Date.now();
  return [
    ...timeline.map((entry) => stepRow(id, entry)).filter((row) => row !== null),
    ...pathOf(statusOf(before), statusOf(after)).map((status) => statusRow(id, at, status)),
  ];
};

import { INBOX_RETENTION_MS } from '@jumun/protos';
import { type Database, type Logger, sleep } from '@jumun/service-kit';

/** Rows that have had their time: an index must serve `where`. */
export interface PurgeRule {
  readonly table: string;
  readonly where: string;
}

export interface PurgeOptions {
  readonly db: Database;
  readonly logger: Logger;
  readonly inbox?: boolean;
  readonly outbox?: boolean;
  readonly idempotency?: boolean;
  readonly also?: readonly PurgeRule[];
  /** Default 60,000. */
  readonly intervalMs?: number;
  /** How long answered commands are remembered (default: longer than their topics keep them). */
  readonly inboxRetentionMs?: number;
  /** How long sent events are kept, to be sent again if the broker loses its data (default a day). */
  readonly outboxGraceMs?: number;
  /** How long a key answers as before (default three days; callers are promised one). */
  readonly idempotencyRetentionMs?: number;
}

const DAY_MS = 24 * 60 * 60 * 1_000;
/** A few ms of locks; then others have a turn. */
const ROWS_MAX = 500;
const PAUSE_MS = 20;

const olderThan = (column: string, ms: number): string => `${column} < UTC_TIMESTAMP(3) - INTERVAL ${Math.ceil(ms / 1_000)} SECOND`;

/** Deletes what has had its time, in small batches. Returns how to stop. */
export const startPurge = ({ db, logger, intervalMs = 60_000, ...options }: PurgeOptions): (() => Promise<void>) => {
  const stopping = new AbortController();
  const { signal } = stopping;
  const rules: PurgeRule[] = [...(options.also ?? [])];
  if (options.inbox) rules.push({ table: 'inbox', where: olderThan('created_at', options.inboxRetentionMs ?? INBOX_RETENTION_MS) });
  if (options.outbox) rules.push({ table: 'outbox', where: olderThan('sent_at', options.outboxGraceMs ?? DAY_MS) });
  if (options.idempotency)
    rules.push({ table: 'idempotency', where: olderThan('created_at', options.idempotencyRetentionMs ?? 3 * DAY_MS) });

  const purge = async ({ table, where }: PurgeRule): Promise<void> => {
    while (!signal.aborted) {
      const { affectedRows } = await db.execute(`DELETE FROM ${table} WHERE ${where} LIMIT ${ROWS_MAX}`);
      if (affectedRows < ROWS_MAX) return;
      await sleep(PAUSE_MS, signal);
    }
  };

  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      for (const rule of rules) {
        try {
          await purge(rule);
        } catch (err) {
          logger.warn({ err, table: rule.table }, 'purging failed; it is tried again later');
        }
      }
      await sleep(intervalMs, signal);
    }
  };
  const ended = loop();
  return async () => {
    stopping.abort();
    await ended;
  };
};

import { INBOX_RETENTION_MS } from '@jumun/protos';
import { type Database, type Logger, sleep } from '@jumun/service-kit';

/** Rows to be deleted once `where` holds; it is served by an index. */
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
  /** How often is purged (default a minute). */
  readonly intervalMs?: number;
  /** How long answered commands are remembered (default 3 days, longer than their topics keep them). */
  readonly inboxRetentionMs?: number;
  /** How long sent rows are kept, to be sent again after a loss of the broker's data (default 1 day). */
  readonly outboxGraceMs?: number;
  /** How long a caller may repeat a call with its key (default 24 hours). */
  readonly idempotencyRetentionMs?: number;
}

const DAY_MS = 24 * 60 * 60 * 1_000;
/** Small: no lock is held for long, and no replica falls behind. */
const ROWS_MAX = 500;
const PAUSE_MS = 20;

const olderThan = (column: string, ms: number): string => `${column} < CURRENT_TIMESTAMP(3) - INTERVAL ${Math.round(ms / 1_000)} SECOND`;

/** Deletes what has outlived its retention, in small batches, now and then. Returns how to stop it. */
export const startPurge = (options: PurgeOptions): (() => Promise<void>) => {
  const { db, logger, intervalMs = 60_000 } = options;
  const rules: PurgeRule[] = [...(options.also ?? [])];
  if (options.inbox) rules.push({ table: 'inbox', where: olderThan('created_at', options.inboxRetentionMs ?? INBOX_RETENTION_MS) });
  if (options.outbox) rules.push({ table: 'outbox', where: olderThan('sent_at', options.outboxGraceMs ?? DAY_MS) });
  if (options.idempotency) rules.push({ table: 'idempotency', where: olderThan('created_at', options.idempotencyRetentionMs ?? DAY_MS) });
  const stop = new AbortController();

  const purge = async ({ table, where }: PurgeRule): Promise<void> => {
    let deleted = 0;
    for (let rows = ROWS_MAX; rows === ROWS_MAX && !stop.signal.aborted; deleted += rows) {
      rows = (await db.execute(`DELETE FROM ${table} WHERE ${where} LIMIT ${ROWS_MAX}`)).affectedRows;
      if (rows === ROWS_MAX) await sleep(PAUSE_MS, stop.signal);
    }
    if (deleted > 0) logger.debug({ table, deleted }, 'purged');
  };

  const loop = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      for (const rule of rules) await purge(rule).catch((err: unknown) => logger.warn({ err, table: rule.table }, 'purge failed'));
      await sleep(intervalMs, stop.signal);
    }
  };
  const ended = loop();
  return async () => {
    stop.abort();
    await ended;
  };
};

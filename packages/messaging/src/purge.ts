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
  /** Deletes a row of `inbox` three days after it was written (`INBOX_RETENTION_MS`); the command topics keep a command for one. */
  readonly inbox?: boolean;
  /** Deletes a row of `outbox` a day after it was sent: what a broker loses before that can be sent again. Never an unsent one. */
  readonly outbox?: boolean;
  /** Deletes a row of `idempotency` this many ms after it was written: that long a caller may repeat a call with its key. Without it, none. */
  readonly idempotencyRetentionMs?: number;
  /** What else is deleted, with the same pace. */
  readonly also?: readonly PurgeRule[];
}

const OUTBOX_GRACE_MS = 24 * 60 * 60 * 1_000;
const INTERVAL_MS = 60_000;
/** Small: no lock is held for long, and no replica falls behind. */
const ROWS_MAX = 500;
const PAUSE_MS = 20;

const olderThan = (column: string, ms: number): string => `${column} < CURRENT_TIMESTAMP(3) - INTERVAL ${Math.round(ms / 1_000)} SECOND`;

/** Deletes what has outlived its retention, every minute, in small batches. A rule that fails is logged and tried again. Returns how to stop it. */
export const startPurge = ({ db, logger, inbox, outbox, idempotencyRetentionMs, also = [] }: PurgeOptions): (() => Promise<void>) => {
  const rules: PurgeRule[] = [...also];
  if (inbox) rules.push({ table: 'inbox', where: olderThan('created_at', INBOX_RETENTION_MS) });
  if (outbox) rules.push({ table: 'outbox', where: olderThan('sent_at', OUTBOX_GRACE_MS) });
  if (idempotencyRetentionMs !== undefined) rules.push({ table: 'idempotency', where: olderThan('created_at', idempotencyRetentionMs) });
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
      await sleep(INTERVAL_MS, stop.signal);
    }
  };
  const ended = loop();
  return async () => {
    stop.abort();
    await ended;
  };
};

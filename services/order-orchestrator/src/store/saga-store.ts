import { type SagaStore, StaleSagaError } from '@jumun/saga';
import { changeRows, type Database, faultPoint, type Tx } from '@jumun/service-kit';
import { NOW_MS, openClock } from './clock.ts';
import { endOrders } from './order-rows.ts';
import { CHANGED_COLUMNS, changedRow, progressOf, type SagaRow } from './saga-rows.ts';
import { APPENDED } from './timeline.ts';

export const LOCK_SAGAS = `
  SELECT id, version, definition, definition_version AS definitionVersion, progress, data, ${NOW_MS} AS now
    FROM sagas FORCE INDEX (PRIMARY) WHERE id IN (?) ORDER BY id FOR UPDATE`;

/**
 * Writes every saga of a batch if its version is still the one that it was moved on from; one that has moved keeps all it has. Nobody need
 * have locked or read the rows: each waits for a rival here, and is compared with what that has left. The rows are there: for MariaDB this
 * is the cheapest way to give many of them new values. The version comes last, since it is compared.
 */
const onMove = (eventResendMs: number): string => {
  const taken = ['progress', 'stuck', 'outcome', 'event_type', 'event_payload'];
  const unmoved = 'sagas.version = VALUES(version)';
  const halfResendUs = eventResendMs * 500;
  const tooSoon = `(VALUES(outcome) IS NOT NULL AND sagas.next_at < VALUES(next_at) - INTERVAL ${halfResendUs} MICROSECOND)`;
  const sets = [
    ...taken.map((column) => `${column} = IF(${unmoved}, VALUES(${column}), sagas.${column})`),
    // An earlier look of the sweep stays, which spares an index two entries a move: it finds out, and most sagas have ended before it comes.
    // Not at the end, where it would find an event that may still be acknowledged, and send it again.
    `next_at = IF(${unmoved} AND COALESCE(sagas.next_at > VALUES(next_at) OR ${tooSoon}, TRUE), VALUES(next_at), sagas.next_at)`,
    `data = IF(${unmoved} AND VALUES(data) <> '', VALUES(data), sagas.data)`,
    // Told once: whoever writes this version of the saga writes its line, and nobody else does.
    `timeline = IF(${unmoved}, ${APPENDED}, sagas.timeline)`,
    `updated_at = IF(${unmoved}, UTC_TIMESTAMP(3), sagas.updated_at)`,
    `version = IF(${unmoved}, sagas.version + 1, sagas.version)`,
  ];
  return `ON DUPLICATE KEY UPDATE ${sets.join(', ')}`;
};
const MOVED_SAGAS = `sagas (${CHANGED_COLUMNS.join(', ')})`;

/** Sagas that the sweep has to look at, and whether they have moved since that was settled: their state says when they are due now. */
export const DUE_SAGAS = `
  SELECT id, JSON_VALUE(progress, '$.nextAt') > ${NOW_MS} AS later
    FROM sagas FORCE INDEX (sagas_due) WHERE next_at <= UTC_TIMESTAMP(3) AND outcome IS NULL ORDER BY next_at LIMIT ?`;
export const PUT_OFF = `
  UPDATE sagas FORCE INDEX (PRIMARY) SET next_at = FROM_UNIXTIME(JSON_VALUE(progress, '$.nextAt') / 1000)
   WHERE id IN (?) AND outcome IS NULL AND JSON_VALUE(progress, '$.nextAt') > ${NOW_MS}`;

interface DueRow {
  readonly id: string;
  /** NULL where the state names no time: then it is due. */
  readonly later: number | null;
}
const isLater = ({ later }: DueRow): boolean => Number(later) === 1;

export interface SagaStoreOptions {
  readonly db: Database;
  /** So long after the end the sweep sends a final event again that is not known to be out; it may come in half of that time. */
  readonly eventResendMs: number;
}

/** Sagas in MySQL: one statement per table, whatever the size of the batch. */
export const sagaStore = ({ db, eventResendMs }: SagaStoreOptions): SagaStore<Tx> => {
  const onDuplicate = onMove(eventResendMs);
  const clock = openClock();
  return {
    transaction: async (work) => {
      const result = await db.transaction(async (tx) => {
        const written = await work(tx);
        await faultPoint('saga:written-not-committed');
        return written;
      });
      await faultPoint('saga:committed-not-sent');
      return result;
    },

    lock: async (tx, ids) => {
      const rows = await tx.query<SagaRow>(LOCK_SAGAS, [ids]);
      const sagas = rows.map((row) => ({ id: row.id, rowVersion: row.version, progress: progressOf(row) }));
      return { sagas, now: rows[0]?.now ?? Date.now() };
    },

    now: clock,

    save: async (tx, changes) => {
      const [stale] = await Promise.all([
        changeRows(
          tx,
          MOVED_SAGAS,
          changes.map((change) => changedRow(change, eventResendMs)),
          onDuplicate,
        ),
        endOrders(tx, changes),
      ]);
      if (stale !== 0) throw new StaleSagaError(`${stale} of ${changes.length} sagas have moved meanwhile`);
    },

    due: async (limit) => {
      for (;;) {
        const rows = await db.query<DueRow>(DUE_SAGAS, [limit]);
        const later = rows.filter(isLater).map(({ id }) => id);
        if (later.length > 0) await db.execute(PUT_OFF, [later.sort()]);
        if (later.length === 0 || rows.length < limit) return rows.filter((row) => !isLater(row)).map(({ id }) => id);
      }
    },
  };
};

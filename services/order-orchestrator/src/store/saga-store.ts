import { type SagaStore, StaleSagaError } from '@jumun/saga';
import { type Database, faultPoint, type Tx } from '@jumun/service-kit';
import { statusOf } from '../place-order.ts';
import { changedOrder, UPDATE_ORDERS } from './order-rows.ts';
import { changedRow, progressOf, type SagaRow } from './saga-rows.ts';
import { INSERT_TIMELINE, timelineOf } from './timeline.ts';

/** Epoch milliseconds by the database's clock: the one clock by which deadlines are judged, whichever instance looks. */
export const NOW_MS = 'CAST(UNIX_TIMESTAMP(CURRENT_TIMESTAMP(3)) * 1000 AS SIGNED)';

export const LOCK_SAGAS = `
  SELECT id, version, definition, definition_version AS definitionVersion, progress, data, ${NOW_MS} AS now
    FROM sagas FORCE INDEX (PRIMARY) WHERE id IN (?) ORDER BY id FOR UPDATE`;

/** Writes every saga of a batch if its version is still the one that was read. */
export const UPDATE_SAGAS = `
  UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
           id CHAR(36) CHARACTER SET ascii PATH '$[0]', was INT PATH '$[1]', next_at DATETIME(3) PATH '$[2]', stuck INT PATH '$[3]',
           outcome VARCHAR(16) CHARACTER SET ascii PATH '$[4]', event_type VARCHAR(100) CHARACTER SET ascii PATH '$[5]',
           progress JSON PATH '$[6]', data JSON PATH '$[7].data', event JSON PATH '$[7].event')) j
  STRAIGHT_JOIN sagas s FORCE INDEX (PRIMARY) ON s.id = j.id AND s.version = j.was
     SET s.progress = j.progress, s.data = COALESCE(CAST(j.data AS CHAR), s.data), s.version = s.version + 1, s.next_at = j.next_at,
         s.stuck = j.stuck, s.outcome = j.outcome, s.event_type = j.event_type, s.event_payload = j.event, s.updated_at = UTC_TIMESTAMP(3)`;

export const DUE_SAGAS = `
  SELECT id FROM sagas FORCE INDEX (sagas_due) WHERE next_at <= UTC_TIMESTAMP(3) AND outcome IS NULL ORDER BY next_at LIMIT ?`;

export interface SagaStoreOptions {
  readonly db: Database;
  /** How long a final event may take to be acknowledged before the sweep sends it again. */
  readonly eventResendMs: number;
}

/** Sagas in MySQL: one statement a table, whatever the size of the batch. */
export const sagaStore = ({ db, eventResendMs }: SagaStoreOptions): SagaStore<Tx> => ({
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

  save: async (tx, changes) => {
    const moved = changes.filter(({ before, after }) => statusOf(before) !== statusOf(after));
    const entries = changes.flatMap(timelineOf);
    const [{ affectedRows }] = await Promise.all([
      tx.execute(UPDATE_SAGAS, [JSON.stringify(changes.map((change) => changedRow(change, eventResendMs)))]),
      moved.length > 0 ? tx.execute(UPDATE_ORDERS, [JSON.stringify(moved.map(changedOrder))]) : undefined,
      entries.length > 0 ? tx.execute(INSERT_TIMELINE, [JSON.stringify(entries)]) : undefined,
    ]);
    if (affectedRows !== changes.length)
      throw new StaleSagaError(`${changes.length - affectedRows} of ${changes.length} sagas have moved meanwhile`);
  },

  due: async (limit) => (await db.query<{ id: string }>(DUE_SAGAS, [limit])).map(({ id }) => id),
});

import { type Database, faultPoint, type Tx } from '@jumun/service-kit';
import { type Progress, type SagaChange, type SagaStore, StaleSagaError, stuckOf } from '@jumun/saga';
import { statusOf } from '../place-order.ts';
import { endedOrders, UPDATE_ORDERS } from './orders.ts';
import { sqlTime } from './sql-time.ts';
import { INSERT_TIMELINE, timelineOf } from './timeline.ts';

/** How long an event may take to be acknowledged before it is sent again. */
const EVENT_RESEND_MS = 30_000;

interface SagaRow {
  readonly id: string;
  readonly version: number;
  readonly progress: string;
  readonly data: string;
  readonly now: Date;
}

const LOCK_SAGAS = `
  SELECT id, version, progress, data, UTC_TIMESTAMP(3) AS now FROM sagas FORCE INDEX (PRIMARY) WHERE id IN (?) ORDER BY id FOR UPDATE`;

/** Writes every saga of a batch if its version is still the one that was read. */
export const UPDATE_SAGAS = `
  UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
           id CHAR(36) CHARACTER SET ascii PATH '$[0]', was INT PATH '$[1]', progress TEXT CHARACTER SET utf8mb4 PATH '$[2]', data MEDIUMTEXT CHARACTER SET utf8mb4 PATH '$[3]',
           next_at DATETIME(3) PATH '$[4]', stuck INT PATH '$[5]', outcome VARCHAR(16) CHARACTER SET ascii PATH '$[6]',
           event_type VARCHAR(100) CHARACTER SET ascii PATH '$[7]', event_payload MEDIUMTEXT CHARACTER SET utf8mb4 PATH '$[8]')) j
  STRAIGHT_JOIN sagas s FORCE INDEX (PRIMARY) ON s.id = j.id AND s.version = j.was
     SET s.progress = j.progress, s.data = COALESCE(j.data, s.data), s.version = s.version + 1, s.next_at = j.next_at, s.stuck = j.stuck, s.outcome = j.outcome,
         s.event_type = j.event_type, s.event_payload = j.event_payload, s.updated_at = UTC_TIMESTAMP(3)`;

const DUE = 'SELECT id FROM sagas FORCE INDEX (sagas_due) WHERE next_at <= UTC_TIMESTAMP(3) AND outcome IS NULL ORDER BY next_at LIMIT ?';

/** A saga's row keeps what it is about apart from where it stands, which is written at every step. */
export const splitProgress = ({ data, ...progress }: Progress): { progress: string; data: string } => ({
  progress: JSON.stringify(progress),
  data: JSON.stringify(data),
});
const joinProgress = ({ progress, data }: SagaRow): Progress => ({
  ...(JSON.parse(progress) as Omit<Progress, 'data'>),
  data: JSON.parse(data) as unknown,
});

const rowOf = ({ id, rowVersion, before, after, end }: SagaChange): unknown[] => {
  const { progress, data } = splitProgress(after);
  const event = end?.event as { $type: string } | undefined;
  // An ended saga stays due until its event is known to be out.
  const nextAt = event === undefined ? after.nextAt : Date.now() + EVENT_RESEND_MS;
  return [
    id,
    rowVersion,
    progress,
    before.data === after.data ? null : data,
    nextAt === null ? null : sqlTime(nextAt),
    stuckOf(after) === null ? 0 : 1,
    end === null ? null : end.outcome.toUpperCase(),
    event?.$type ?? null,
    event === undefined ? null : JSON.stringify(event),
  ];
};

/** Sagas in MySQL. One statement a table, whatever the size of the batch. */
export const sagaStore = (db: Database): SagaStore<Tx> => ({
  transaction: (work) =>
    db.transaction(async (tx) => {
      const result = await work(tx);
      await faultPoint('saga:written-not-committed');
      return result;
    }),

  lock: async (tx, ids) => {
    const rows = await tx.query<SagaRow>(LOCK_SAGAS, [ids]);
    const sagas = rows.map((row) => ({ id: row.id, rowVersion: row.version, progress: joinProgress(row) }));
    return { sagas, now: rows[0]?.now.getTime() ?? Date.now() };
  },

  save: async (tx, changes) => {
    const moved = changes.filter(({ before, after }) => statusOf(before) !== statusOf(after));
    const entries = changes.flatMap(timelineOf);
    const [{ affectedRows }] = await Promise.all([
      tx.execute(UPDATE_SAGAS, [JSON.stringify(changes.map(rowOf))]),
      moved.length > 0 ? tx.execute(UPDATE_ORDERS, [JSON.stringify(endedOrders(moved))]) : undefined,
      entries.length > 0 ? tx.execute(INSERT_TIMELINE, [JSON.stringify(entries)]) : undefined,
    ]);
    if (affectedRows !== changes.length)
      throw new StaleSagaError(`${changes.length - affectedRows} of ${changes.length} sagas have moved meanwhile`);
  },

  due: async (limit) => (await db.query<{ id: string }>(DUE, [limit])).map(({ id }) => id),
});

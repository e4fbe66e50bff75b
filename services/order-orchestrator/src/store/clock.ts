import { NOW_LAG_MAX_MS } from '@jumun/saga';
import { monotonicMs, type Tx } from '@jumun/service-kit';

/** Epoch milliseconds by the database's clock: the one clock by which deadlines are judged, whichever instance looks. */
export const NOW_MS = 'CAST(UNIX_TIMESTAMP(CURRENT_TIMESTAMP(3)) * 1000 AS SIGNED)';

/** So long is one look carried on. Two quartz clocks part by less than a millisecond in that time. */
const LOOK_AGE_MAX_MS = 2_000;
export type Clock = (tx: Pick<Tx, 'query'>) => Promise<number>;

/**
 * The database's clock, looked at now and then and carried on by a monotonic one, so that what reads no row need not wait for a look. It is
 * counted from when the answer came, so it is never ahead of the database's own, and behind it by no more than the answer took: one that took
 * longer than a saga's store may be behind is not carried on.
 */
export const openClock = (monotonic: () => number = monotonicMs): Clock => {
  let look: { readonly now: number; readonly at: number } | undefined;
  return async (tx) => {
    const asked = monotonic();
    if (look !== undefined && asked - look.at < LOOK_AGE_MAX_MS) return Math.floor(look.now + asked - look.at);
    const [row] = await tx.query<{ now: number }>(`SELECT ${NOW_MS} AS now`);
    if (row === undefined) throw new Error('the database did not say what time it is');
    const answered = monotonic();
    look = answered - asked <= NOW_LAG_MAX_MS ? { now: row.now, at: answered } : undefined;
    return row.now;
  };
};

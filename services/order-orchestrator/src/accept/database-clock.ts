import type { Tx } from '@jumun/service-kit';
import { NOW_MS } from '../store/saga-store.ts';

/**
 * Reads the database's clock, and answers what it has come to since, in whole epoch milliseconds, by a clock that never jumps. It is never ahead of the
 * database, so what is written with it comes before whatever happens to it; it is behind by as long as the answer was under way.
 */
export const readClock = async (db: Pick<Tx, 'query'>, clock: () => number): Promise<() => number> => {
  const [row] = await db.query<{ now: number }>(`SELECT ${NOW_MS} AS now`);
  const answeredAt = clock();
  if (row === undefined) throw new Error('the database did not tell the time');
  return () => row.now + Math.floor(clock() - answeredAt);
};

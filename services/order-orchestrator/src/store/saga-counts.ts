import type { Database } from '@jumun/service-kit';

export const COUNT_OPEN = `
  SELECT IF(stuck, 'stuck', IF(outcome IS NULL, 'running', 'event_unsent')) AS state, COUNT(*) AS sagas
    FROM sagas FORCE INDEX (sagas_due) WHERE next_at IS NOT NULL GROUP BY 1`;
/** Those of which no step is asked any more are due at no time, like all that have ended; the key goes on to tell them apart. */
export const COUNT_PARKED =
  "SELECT 'stuck' AS state, COUNT(*) AS sagas FROM sagas FORCE INDEX (sagas_due) WHERE next_at IS NULL AND stuck = TRUE";

/** Sagas that have not ended, and ended ones whose event is not known to be out; a state may come in two rows. */
export const countByState = async (db: Pick<Database, 'query'>): Promise<{ state: string; sagas: number }[]> => {
  type Row = { state: string; sagas: number };
  const counted = await Promise.all([db.query<Row>(COUNT_OPEN), db.query<Row>(COUNT_PARKED)]);
  return counted.flat();
};

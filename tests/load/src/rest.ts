import { setTimeout as pause } from 'node:timers/promises';
import { localDir, serviceDatabaseUrl } from '@jumun/local';
import { openDatabase } from '@jumun/service-kit';

/** How often is looked: seldom enough to cost nothing that would be counted. */
const INTERVAL_MS = 250;
/** Longer than a minute of silence is recovered in; what is still open then is said, and is the bench's news. */
const REST_WITHIN_MS = 120_000;
/** A saga has a next moment for as long as it has something to do, the telling of its end included, or waits for a person. */
const UNFINISHED = 'SELECT COUNT(*) AS unfinished FROM sagas WHERE next_at IS NOT NULL OR stuck';

/** Waits until every accepted order has ended and has told it. Answers how many have not, when that takes too long. */
export const untilRest = async (): Promise<number> => {
  const db = openDatabase(serviceDatabaseUrl(localDir, 'orders'), { poolSizeMax: 1 });
  try {
    for (const deadline = Date.now() + REST_WITHIN_MS; ; await pause(INTERVAL_MS)) {
      const unfinished = Number((await db.query<{ unfinished: number }>(UNFINISHED))[0]?.unfinished);
      if (unfinished === 0 || Date.now() > deadline) return unfinished;
    }
  } finally {
    await db.close();
  }
};

import type { Cluster } from '@jumun/local';
import { openDatabase } from '@jumun/service-kit';
import { eventually } from '@jumun/testkit';
import { violationsOf } from './auditing.ts';

/** Sagas that somebody still has to look at: running ones, and ended ones whose event is not known to be out. */
const UNDER_WAY = 'SELECT COUNT(*) AS sagas FROM orders.sagas WHERE outcome IS NULL OR event_sent_at IS NULL';
/** What was committed to be sent. */
const UNSENT = ['wallet', 'catalog', 'coupon'].map((schema) => `SELECT COUNT(*) AS messages FROM ${schema}.outbox WHERE sent_at IS NULL`);

/** Waits until nothing is under way any more; throws when that does not come. */
const rest = async ({ infra: { mysql } }: Cluster, withinMs: number): Promise<void> => {
  const db = openDatabase(`mysql://${mysql.rootUser}:${encodeURIComponent(mysql.rootPassword)}@${mysql.host}:${mysql.port}/orders`);
  try {
    await eventually(
      async () => {
        const [row] = await db.query<{ sagas: number }>(UNDER_WAY);
        if (row?.sagas !== 0) throw new Error(`${row?.sagas} sagas have not ended, or not told it`);
        for (const statement of UNSENT) {
          const [unsent] = await db.query<{ messages: number }>(statement);
          if (unsent?.messages !== 0) throw new Error(`${unsent?.messages} messages were not sent`);
        }
        return true;
      },
      { withinMs },
    );
  } finally {
    await db.close();
  }
};

/** What contradicts the books once everything has ended, judged as strictly as the auditor can: nothing may be in flight then. */
export const violationsAtRest = async (cluster: Cluster, { withinMs = 60_000 } = {}): Promise<string[]> => {
  await rest(cluster, withinMs);
  return violationsOf(cluster);
};

import type { Database } from '@jumun/service-kit';

/**
 * The database, on which the first transaction loses a lock just before its commit: the server refuses a statement as it does in a deadlock.
 * `meanwhile` is what rivals do before the second try.
 */
export const lostOnce = (db: Database, meanwhile: () => Promise<unknown>): Database => {
  let tries = 0;
  return {
    ...db,
    transaction: (work) =>
      db.transaction(async (tx) => {
        tries += 1;
        if (tries === 2) await meanwhile();
        const result = await work(tx);
        if (tries === 1) await tx.execute("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'lost to a rival'");
        return result;
      }),
  };
};

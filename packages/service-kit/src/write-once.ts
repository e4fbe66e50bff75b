import { allEnded } from './all-ended.ts';
import { addStatement } from './idempotency-statements.ts';
import { claimKeys, idempotencyName, type KeyOfEffect, type KeyRow, keyRows } from './idempotency.ts';
import type { Database, Tx } from './tx.ts';

/** One of the keys that were taken for new is there already: nothing of the transaction may stay. */
class KnownKeyError extends Error {
  override readonly name = 'KnownKeyError';
}

const DUPLICATE = 1062; // for MariaDB and for MySQL

const addKeys = async (tx: Tx, keys: readonly KeyOfEffect[]): Promise<void> => {
  if (keys.length === 0) return;
  try {
    await tx.execute(...addStatement(keyRows(keys)));
  } catch (error) {
    throw (error as { errno?: unknown }).errno === DUPLICATE ? new KnownKeyError('a key is known', { cause: error }) : error;
  }
};

export interface Writing<T> {
  /** Writes the effects of the keys that are mine: those whose row has the given `effectId`. */
  readonly write: (tx: Tx, rows: ReadonlyMap<string, KeyRow>) => Promise<T>;
  /** The last word before COMMIT, once keys and effects are written: nothing stays when it throws. */
  readonly beforeCommit: () => Promise<void> | void;
}

/** Writes keys with their effects in one transaction, and answers what `write` did when it was called last. */
export type WriteOnce = <T>(keys: readonly KeyOfEffect[], writing: Writing<T>) => Promise<T>;

/**
 * Keys are written as if all were new, which nearly all are: `write` is told that all are mine, and what it sends goes out in one go with
 * the keys and is carried out behind them, once rivals that hold the same ones have ended. When the table's primary key finds one that is
 * known, nothing of it stays, also if `write` failed in another way; then all is done again in a transaction that reads first whose the keys are.
 * Calls are repeated in crowds, when answers were lost or late: the batch after one with a known key is read first too, so that no load is
 * written twice for long.
 *
 * Not for those who take keys back (`onceEach`, of what is refused): an INSERT locks what it meets as shared, and of several that have
 * waited for a key which is then taken back, each would wait for the others.
 */
export const openWriteOnce = (db: Pick<Database, 'transaction'>): WriteOnce => {
  let metKnown = false;

  const asNew = <T>(keys: readonly KeyOfEffect[], { write, beforeCommit }: Writing<T>): Promise<T> => {
    const mine = new Map(keys.map((key) => [idempotencyName(key), { ...key, answer: null }]));
    return db.transaction(async (tx) => {
      const [, written] = await allEnded([addKeys(tx, keys), write(tx, mine)]);
      await beforeCommit();
      return written;
    });
  };
  const carefully = async <T>(keys: readonly KeyOfEffect[], { write, beforeCommit }: Writing<T>): Promise<T> => {
    const { written, isAnyKnown } = await db.transaction(async (tx) => {
      const rows = await claimKeys(tx, keys);
      const owners = keys.map((key) => rows.get(idempotencyName(key))?.effectId);
      // Without its row an effect could be repeated, so it must not happen at all.
      if (owners.includes(undefined)) throw new Error('an idempotency key was claimed, but is not there');
      const done = await write(tx, rows);
      await beforeCommit();
      return { written: done, isAnyKnown: keys.some(({ effectId }, index) => owners[index] !== effectId) };
    });
    metKnown = isAnyKnown;
    return written;
  };

  return async (keys, writing) => {
    if (metKnown) return carefully(keys, writing);
    try {
      return await asNew(keys, writing);
    } catch (error) {
      if (!(error instanceof KnownKeyError)) throw error;
      metKnown = true; // also when what follows fails, and the batch comes again
      return carefully(keys, writing);
    }
  };
};

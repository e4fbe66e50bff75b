import type { SagaEnd } from './interpreter.ts';
import type { Progress, TimelineEntry } from './progress.ts';

/** A saga as it is stored. */
export interface StoredSaga {
  readonly id: string;
  /** Of the row: rises with each write. A version is written once, so it names one state. */
  readonly rowVersion: number;
  readonly progress: Progress;
}

/** What one transaction did to a saga. */
export interface SagaChange {
  readonly id: string;
  /** The row version that was moved on from, read or remembered: written `WHERE row_version = …`, and raised by one. */
  readonly rowVersion: number;
  readonly before: Progress;
  readonly after: Progress;
  readonly timeline: readonly TimelineEntry[];
  /** Set in the transaction that ends the saga, and only there. */
  readonly end: SagaEnd | null;
}

/** So much at most is the clock behind that a store carries on by itself, in milliseconds. */
export const NOW_LAG_MAX_MS = 50;

/** Where sagas are kept. The runner's transactions are the only ones that write progress after a saga was accepted. */
export interface SagaStore<Tx> {
  /** Commits when `work` is done, rolls back when it throws; may call it again after a deadlock. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Locks the rows of these ids (sorted, without repetition), and reads the database's clock, in epoch milliseconds. */
  lock(tx: Tx, ids: readonly string[]): Promise<{ readonly sagas: readonly StoredSaga[]; readonly now: number }>;
  /**
   * The database's clock, for a batch that reads no row. It may be behind by `NOW_LAG_MAX_MS` and is never ahead, so that no deadline
   * passes too early.
   */
  now(tx: Tx): Promise<number>;
  /**
   * Writes all changes (sorted by id), or throws `StaleSagaError` if a row version is not the one that was moved on from, or the row is not
   * there. The rows need not be locked: the write itself has to find out.
   */
  save(tx: Tx, changes: readonly SagaChange[]): Promise<void>;
  /**
   * Ids of the sagas whose `nextAt` has passed by the database's clock, the longest overdue first. A store may keep an earlier time to look
   * than that, and correct it here.
   */
  due(limit: number): Promise<readonly string[]>;
}

/** Somebody else wrote the saga since it was read: the transaction is done again. */
export class StaleSagaError extends Error {
  override readonly name = 'StaleSagaError';
}

import { PrismaMariaDb } from '@prisma/adapter-mariadb';
import { createPool, type FieldInfo, type Pool, type PoolConfig, type PoolConnection, type UpsertResult } from 'mariadb';
import { connectionOf } from './database-url.ts';
import { textOf, TransientError } from './errors.ts';
import { insertRows } from './insert-rows.ts';
import type { Logger } from './log.ts';
import { backoffMs, sleep } from './retry.ts';
import { reviveDates, toSqlParams } from './sql-values.ts';
import { isLockConflict, isTransient } from './transient.ts';

/** Statements on one connection. They go out at once, pipelined, in the order of the calls; each result may be awaited when it is needed. */
export interface Tx {
  /** Rows. BIGINT and DECIMAL (what SUM answers) as number, throwing where that is not exact; dates as `Date`, stored in UTC. */
  readonly query: <Row>(sql: string, params?: readonly unknown[]) => Promise<Row[]>;
  /** `affectedRows` of an UPDATE counts the rows that matched, changed or not. */
  readonly execute: (sql: string, params?: readonly unknown[]) => Promise<{ affectedRows: number; insertId: bigint }>;
  /**
   * Inserts any number of rows with one statement; `into` is the table with its columns, `onDuplicate` what follows the values. Resolves with
   * the affected rows: 1 for an inserted one; where the key existed, 2 if that row was changed and 1 if not. Unlike the others it may be
   * carried out after what is sent next, so only for rows that nothing sent beside it reads; else `execute` with a list.
   */
  readonly insert: (into: string, rows: readonly (readonly unknown[])[], onDuplicate?: string) => Promise<number>;
}

/** Outside a transaction each statement commits by itself. */
export interface Database extends Tx {
  /** Autocommitting connections; shared with Prisma. */
  readonly pool: Pool;
  /**
   * Commits only after every statement's result was checked, so one that failed rolls all back even when nobody awaited it.
   * A deadlock or lock-wait time-out calls `work` again (5 tries in all). Transient failures surface as `TransientError`;
   * with `outcomeUnknown` when the connection was lost during COMMIT.
   */
  readonly transaction: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;
  /** Resolves when the server answers; else the driver's own error. */
  readonly ping: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface DatabaseOptions {
  /** Most connections in each of the two pools (default 8: a batch needs one, and cores rather than connections are short). */
  poolSizeMax?: number;
  /** How long the server may leave a statement without an answer (default 20,000); then it is a `TransientError`. Nobody tells the server to stop. */
  statementTimeoutMs?: number;
  /** Gets the driver's connect errors, which callers see as a mere time-out of the pool. */
  logger?: Logger;
}

const CONFLICT_ATTEMPTS_MAX = 5; // a rival as stubborn as that is overload, and the caller's to handle
const STATEMENT_TIMEOUT_MS = 20_000; // a server that was stopped answers nothing at all; no statement of a service takes this long
const ISOLATION = 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED';

// MariaDB makes a join of a list of a thousand values and more, and then scans, and locks, tables whole; MySQL does not read the comment.
const LISTS_STAY_LISTS = '/*M! , in_predicate_conversion_threshold = 0 */';

// wait_timeout: a stopped process must not hold locked rows for longer. The pool gives idle connections up before the server does.
const sessionSql = (autocommit: 0 | 1): string[] => [
  ISOLATION,
  `SET SESSION time_zone = '+00:00', wait_timeout = 10, innodb_lock_wait_timeout = 3, autocommit = ${autocommit} ${LISTS_STAY_LISTS}`,
];

const VALUES = { bigIntAsNumber: true, decimalAsNumber: true, checkNumberRange: true, insertIdAsNumber: false, dateStrings: true };

const poolConfig = (url: string, size: number, statementTimeoutMs: number, autocommit: 0 | 1): PoolConfig => ({
  ...connectionOf(url),
  connectionLimit: size,
  minimumIdle: 0,
  idleTimeout: 8,
  acquireTimeout: 5_000,
  initializationTimeout: 2_000, // below acquireTimeout, so that the reason is logged before callers hear of a time-out
  socketTimeout: statementTimeoutMs,
  resetAfterUse: false, // would undo the session's settings
  initSql: sessionSql(autocommit),
});

interface Runner {
  query(sql: string, params?: unknown[]): Promise<unknown>;
}

const txOver = (runner: Runner, insert: Tx['insert']): Tx => ({
  query: async <Row>(sql: string, params?: readonly unknown[]) => {
    const rows = (await runner.query(sql, params && toSqlParams(params))) as Row[] & { meta?: FieldInfo[] };
    return reviveDates<Row>(rows, rows.meta);
  },
  execute: async (sql, params) => {
    const { affectedRows, insertId } = (await runner.query(sql, params && toSqlParams(params))) as UpsertResult;
    return { affectedRows, insertId: BigInt(insertId ?? 0) };
  },
  insert,
});

const asTransient = (error: unknown, doing: string): unknown =>
  error instanceof TransientError || !isTransient(error) ? error : new TransientError(`${doing}: ${textOf(error)}`, { cause: error });

/** The failed statement that explains all others: a lost lock first, else the earliest. */
const rootOf = (failures: unknown[]): unknown => failures.find(isLockConflict) ?? failures.find(isTransient) ?? failures[0];

/** Statements of one transaction; each result is looked at, also those that the work never awaits. */
const trackedOn = (conn: PoolConnection): { tx: Tx; settled: () => Promise<unknown[]> } => {
  const { query, execute, insert } = txOver(conn, (into, rows, onDuplicate) => insertRows(conn, into, rows, onDuplicate));
  const sent: Promise<unknown>[] = [];
  const failures: unknown[] = [];
  let ended = false;
  const tracked = <T>(send: () => Promise<T>): Promise<T> => {
    // The connection is about to belong to somebody else's transaction.
    if (ended) return Promise.reject(new Error('a statement was sent after its transaction had ended: something was not awaited'));
    const result = send();
    sent.push(result.catch((error: unknown) => void failures.push(error)));
    return result;
  };
  return {
    tx: {
      query: <Row>(sql: string, params?: readonly unknown[]) => tracked(() => query<Row>(sql, params)),
      execute: (sql, params) => tracked(() => execute(sql, params)),
      insert: (into, rows, onDuplicate) => tracked(() => insert(into, rows, onDuplicate)),
    },
    settled: async () => {
      ended = true;
      await Promise.all(sent);
      return failures;
    },
  };
};

const rollBack = async (conn: PoolConnection): Promise<void> => {
  try {
    await conn.query('ROLLBACK');
    await conn.release();
  } catch {
    conn.destroy(); // the server rolls back what a lost connection leaves
  }
};

const commit = async (conn: PoolConnection): Promise<void> => {
  try {
    await conn.query('COMMIT');
  } catch (cause) {
    conn.destroy();
    const message = `COMMIT: ${textOf(cause)}`;
    throw new TransientError(message, { cause, outcomeUnknown: !isLockConflict(cause) });
  }
  await conn.release();
};

/**
 * One try. There is no START TRANSACTION: these connections have autocommit off, so the first statement opens the transaction. That is no
 * economy but a need: a deadlock ends the transaction at once, and with autocommit on the statements already in the pipeline behind it
 * would be committed one by one.
 */
const attempt = async <T>(conn: PoolConnection, work: (tx: Tx) => Promise<T>): Promise<T> => {
  const { tx, settled } = trackedOn(conn);
  let outcome: { value: T } | { error: unknown };
  try {
    outcome = { value: await work(tx) };
  } catch (error) {
    outcome = { error };
  }
  const failures = await settled();
  const root = rootOf(failures);
  if ('value' in outcome && failures.length === 0) {
    await commit(conn);
    return outcome.value;
  }
  await rollBack(conn);
  // An error of the work's own is the answer, unless it only followed from a statement that lost its lock or connection.
  throw 'error' in outcome && !isTransient(root) ? outcome.error : root;
};

/** Two pools of lazily opened connections in READ COMMITTED and UTC: one that autocommits, and one for transactions. */
export const openDatabase = (
  url: string,
  { poolSizeMax = 8, statementTimeoutMs = STATEMENT_TIMEOUT_MS, logger }: DatabaseOptions = {},
): Database => {
  const pool = createPool(poolConfig(url, poolSizeMax, statementTimeoutMs, 1));
  const txPool = createPool({ ...poolConfig(url, poolSizeMax, statementTimeoutMs, 0), ...VALUES });
  // Without a listener the driver's pool would end the process when a connection cannot be made.
  const onError = (error: Error): void => logger?.warn({ err: error.cause ?? error }, 'no connection to the database');
  for (const each of [pool, txPool]) (each as unknown as NodeJS.EventEmitter).on('error', onError);

  const transaction = async <T>(work: (tx: Tx) => Promise<T>): Promise<T> => {
    for (let tries = 1; ; tries++) {
      try {
        return await attempt(await txPool.getConnection(), work);
      } catch (error) {
        if (!isLockConflict(error) || tries >= CONFLICT_ATTEMPTS_MAX) throw asTransient(error, 'transaction');
        await sleep(backoffMs(tries, { baseMs: 4, capMs: 100 }));
      }
    }
  };

  const single = txOver(
    {
      query: async (sql, params) => {
        try {
          return (await pool.query({ ...VALUES, sql }, params)) as unknown;
        } catch (error) {
          throw asTransient(error, 'statement');
        }
      },
    },
    // Of many rows, all or none: MariaDB would commit the rows of a bulk one by one.
    (into, rows, onDuplicate) => transaction((tx) => tx.insert(into, rows, onDuplicate)),
  );

  return {
    pool,
    ...single,
    transaction,
    ping: async () => void (await single.query('SELECT 1')),
    close: async () => void (await Promise.all([pool.end(), txPool.end()])),
  };
};

type PrismaPool = ConstructorParameters<typeof PrismaMariaDb>[0];

/** The same connections for Prisma. Text protocol: else it prepares and closes every statement. (It brings types of an older driver.) */
export const prismaAdapter = (db: Database): PrismaMariaDb =>
  new PrismaMariaDb(db.pool as unknown as PrismaPool, { useTextProtocol: true });

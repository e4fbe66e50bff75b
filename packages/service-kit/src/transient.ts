import { TransientError } from './errors.ts';

// Server errors that say nothing about the statement itself. MySQL and MariaDB share these numbers unless noted.
const TRANSIENT_ERRNOS = new Set([
  1205, // lock wait timeout
  1213, // deadlock
  1020, // record has changed since last read (MariaDB 11 snapshot isolation)
  1614, // transaction branch was rolled back: deadlock
  1021, // disk full
  1030, // error from the storage engine
  1114, // table is full: what InnoDB says when the disk is
  3675, // no space left for the tablespace (MySQL)
  1040, // too many connections
  1203, // too many connections of this user
  1226, // a resource limit of this user
  1047, // a Galera node that is not ready
  1053, // server shutdown in progress
  1077, // normal shutdown
  1079, // shutdown complete
  1152, // aborted connection
  1158, // error reading packets
  1159, // timeout reading packets
  1160, // error writing packets
  1161, // timeout writing packets
  1180, // error during commit
  1184, // aborted connection
  1290, // the server runs with --read-only
  1836, // read-only mode
  1792, // read-only transaction: a replica after a failover
  1317, // query interrupted
  1927, // connection was killed (MariaDB)
  1969, // max_statement_time exceeded (MariaDB)
  3024, // max_execution_time exceeded (MySQL)
  4031, // disconnected by the server because of inactivity (MySQL)
  2006, // server has gone away
  2013, // lost connection during query
]);

// The driver's own errors that mean "no usable connection"; the others of its range are mistakes of the caller.
const TRANSIENT_CLIENT_ERRNOS = new Set([
  45001, 45004, 45009, 45012, 45013, 45019, 45026, 45027, 45028, 45035, 45037, 45039, 45042, 45060, 45061,
]);

const TRANSIENT_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOSPC',
  'P1001', // Prisma: cannot reach the database
  'P1002', // Prisma: reached, but timed out
  'P1008', // Prisma: operation timed out
  'P1017', // Prisma: server closed the connection
  'P2024', // Prisma: no connection from the pool
  'P2028', // Prisma: transaction API error, among them its time-outs
  'P2034', // Prisma: write conflict or deadlock
]);

interface ErrorLike {
  errno?: unknown;
  code?: unknown;
  cause?: unknown;
}

const CAUSES_MAX = 5; // an error may name itself as its cause

/** True for deadlock, lock wait, lost or refused connection, read-only server, full disk, server going away: trying again may help. */
export const isTransient = (error: unknown): boolean => {
  let current: unknown = error;
  for (let depth = 0; depth < CAUSES_MAX && typeof current === 'object' && current !== null; depth++) {
    if (current instanceof TransientError) return true;
    const { errno, code, cause } = current as ErrorLike;
    if (typeof errno === 'number' && (TRANSIENT_ERRNOS.has(errno) || TRANSIENT_CLIENT_ERRNOS.has(errno))) return true;
    if (typeof code === 'string' && TRANSIENT_CODES.has(code)) return true;
    current = cause;
  }
  return false;
};

/** Errors after which the same transaction is simply run once more: it lost against a rival. */
export const isLockConflict = (error: unknown): boolean => {
  const errno = (error as ErrorLike | null)?.errno;
  return errno === 1213 || errno === 1205 || errno === 1020 || errno === 1614;
};

import { insertList } from './insert-rows.ts';

/** What a service that answers calls with keys has in its migration. A row is written in the transaction of its effect, never before it. */
export const IDEMPOTENCY_DDL = `CREATE TABLE idempotency (
  caller      CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  route       VARCHAR(160) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  idempotency_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  fingerprint CHAR(64)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- What the effect made; how it was answered is read from there, or stands in answer.
  effect_id   CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  answer      MEDIUMTEXT   CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  created_at  DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (caller, route, idempotency_key),
  KEY idempotency_created_at (created_at)
) ENGINE = InnoDB`;

const INTO = 'idempotency (caller, route, idempotency_key, fingerprint, effect_id)';

/** Keeps a rival's row, and waits for its transaction. */
export const claimStatement = (rows: readonly string[][]): [string, unknown[]] =>
  insertList(INTO, rows, 'ON DUPLICATE KEY UPDATE caller = idempotency.caller');

/** Fails when one of the keys is there, after it has waited for the transaction of a rival that has just written it. */
export const addStatement = (rows: readonly string[][]): [string, unknown[]] => insertList(INTO, rows);

// In a derived table: MySQL refuses to lock what JSON_TABLE makes (error 3569).
const KEYS = `(SELECT t.caller, t.route, t.k FROM JSON_TABLE(?, '$[*]' COLUMNS (
  caller CHAR(36) CHARACTER SET ascii PATH '$[0]', route VARCHAR(160) CHARACTER SET ascii PATH '$[1]', k VARCHAR(255) CHARACTER SET ascii PATH '$[2]')) t) j
  STRAIGHT_JOIN idempotency i FORCE INDEX (PRIMARY) ON i.caller = j.caller AND i.route = j.route AND i.idempotency_key = j.k`;

export const READ = `
  SELECT i.caller, i.route, i.idempotency_key AS \`key\`, i.fingerprint, i.effect_id AS effectId, i.answer FROM ${KEYS}`;

/** An answer may be as long as a body that was taken makes it: hundreds of KB where it is escaped twice. What is longer would become NULL. */
export const ANSWER = `
  UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
           caller CHAR(36) CHARACTER SET ascii PATH '$[0]', route VARCHAR(160) CHARACTER SET ascii PATH '$[1]', k VARCHAR(255) CHARACTER SET ascii PATH '$[2]', answer MEDIUMTEXT CHARACTER SET utf8mb4 PATH '$[3]')) j
  STRAIGHT_JOIN idempotency i FORCE INDEX (PRIMARY) ON i.caller = j.caller AND i.route = j.route AND i.idempotency_key = j.k
     SET i.answer = j.answer`;

export const FORGET = `DELETE i FROM ${KEYS}`;

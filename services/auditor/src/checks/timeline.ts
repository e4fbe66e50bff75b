import { UNREADABLE } from './standing.ts';

/** All that the auditor knows of how the history of an order is stored: who changes that changes this file, and no check. */

/** The column by which a stretch of histories is read: the saga that places an order has the order's id. */
export const HISTORY_OF = 's.id';

// A line a move, each an array of what it was made of; no line break is within one, since JSON escapes it.
const HISTORY = "CONCAT('[', REPLACE(s.timeline, '\\n', ','), ']')";
// One that is no JSON would fail the whole statement, and so hide what all others say: it is read as this one entry.
const NO_JSON = `'[[{"source":"order","kind":"${UNREADABLE}"}]]'`;
const ENTRIES = `
  JSON_TABLE(IF(JSON_VALID(${HISTORY}), ${HISTORY}, ${NO_JSON}), '$[*][*]' COLUMNS (
    n FOR ORDINALITY, source VARCHAR(32) CHARACTER SET ascii PATH '$.source', kind VARCHAR(64) CHARACTER SET ascii PATH '$.kind')) e`;

/**
 * The states in which orders have been, as rows `(id, kind)`, each order's in the order in which they came; one row without a kind for a saga
 * whose history names none, and `UNREADABLE` for one that cannot be read. `some` is an `AND …` on `HISTORY_OF`.
 */
export const orderStates = (some: string): string => `
  SELECT s.id, e.kind FROM sagas s LEFT JOIN ${ENTRIES} ON e.source = 'order' WHERE TRUE${some} ORDER BY s.id, e.n`;

/**
 * How often the saga of each order has heard that answer (the short name of its type), as rows `(id, n)`: of those that have, and without a
 * number of those of which that cannot be read.
 */
export const answersHeard = (answer: string, some: string): string => `
  SELECT s.id, IF(MAX(e.kind = '${UNREADABLE}'), NULL, COUNT(*)) AS n
    FROM sagas s JOIN ${ENTRIES} WHERE e.kind = IF(e.source = 'order', '${UNREADABLE}', '${answer}')${some} GROUP BY s.id`;

/** All that the auditor knows of how the history of an order is stored: who changes that changes this file, and no check. */

/** The column by which a stretch of histories is read: the saga that places an order has the order's id. */
export const HISTORY_OF = 's.id';

// A line a move, each an array of what it was made of; no line break is within one, since JSON escapes it.
const ENTRIES = `
  JSON_TABLE(CONCAT('[', REPLACE(s.timeline, '\\n', ','), ']'), '$[*][*]' COLUMNS (
    n FOR ORDINALITY, source VARCHAR(32) CHARACTER SET ascii PATH '$.source', kind VARCHAR(64) CHARACTER SET ascii PATH '$.kind')) e`;

/**
 * The states in which orders have been, as rows `(order_id, kind)`, each order's in the order in which they came; one row without a kind for
 * a saga whose history names none. `some` is an `AND …` on `HISTORY_OF`.
 */
export const orderStates = (some: string): string => `
  SELECT s.id AS order_id, e.kind FROM sagas s LEFT JOIN ${ENTRIES} ON e.source = 'order' WHERE TRUE${some} ORDER BY s.id, e.n`;

/** How often the saga of each order has heard that answer (the short name of its type), as a derived table `(order_id, n)`. */
export const answersHeard = (kind: string, some: string): string => `
  (SELECT s.id AS order_id, COUNT(*) AS n FROM sagas s JOIN ${ENTRIES} WHERE e.kind = '${kind}' AND e.source <> 'order'${some} GROUP BY s.id)`;

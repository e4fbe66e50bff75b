/** All that the auditor knows of how the history of an order is stored: who changes its rows changes this file, and no check. */

const ENTRIES = `
  timeline t JOIN JSON_TABLE(t.entries, '$[*]' COLUMNS (
    n FOR ORDINALITY, source VARCHAR(32) CHARACTER SET ascii PATH '$.source', kind VARCHAR(64) CHARACTER SET ascii PATH '$.kind')) e`;

/** The states in which orders have been, as rows `(order_id, kind)`, each order's in the order in which they came. `some` is an `AND …` on order_id. */
export const orderStates = (some: string): string => `
  SELECT t.order_id, e.kind FROM ${ENTRIES} WHERE e.source = 'order'${some} ORDER BY t.order_id, t.saga_id, t.version, e.n`;

/** How often the saga of each order has heard that answer (the short name of its type), as a derived table `(order_id, n)`. */
export const answersHeard = (kind: string, some: string): string => `
  (SELECT t.order_id, COUNT(*) AS n FROM ${ENTRIES} WHERE e.kind = '${kind}' AND e.source <> 'order'${some} GROUP BY t.order_id)`;

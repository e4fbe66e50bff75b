/** All that the auditor knows of how the history of an order is stored: who changes its rows changes this file, and no check. */

/** The states in which orders have been, as a derived table `(order_id, place, kind)`: what came later has the higher place. `some` is an `AND …` on order_id. */
export const orderStates = (some: string): string => `(SELECT order_id, id AS place, kind FROM timeline WHERE source = 'order'${some})`;

/** How often the saga of each order has heard that answer (the short name of its type), as a derived table `(order_id, n)`. */
export const answersHeard = (kind: string, some: string): string =>
  `(SELECT order_id, COUNT(*) AS n FROM timeline WHERE kind = '${kind}' AND source <> 'order'${some} GROUP BY order_id)`;

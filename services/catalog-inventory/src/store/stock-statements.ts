// The statements of a batch of commands, whatever its size. They find their rows by primary key and take them in its order: without the index
// hints (and the join order, where there is one) the server scans small tables whole and waits for strangers. New rows, and new values of
// locked ones, are sent in bulk (`tx.insert`): of those only table, columns and what is done with a row that is there stand here.

/**
 * What the orders have reserved. Locked before stock, always. The ids are one JSON parameter: an order has several rows, and for each of
 * many values that name several the planner of MariaDB would dive into the index. In a derived table, since MySQL refuses to lock what
 * JSON_TABLE makes (error 3569).
 */
export const LOCK_RESERVATIONS = `
  SELECT r.order_id AS orderId, r.option_id AS optionId, r.quantity, r.status
    FROM (SELECT j.id FROM JSON_TABLE(?, '$[*]' COLUMNS (id CHAR(36) CHARACTER SET ascii PATH '$')) j) j
    STRAIGHT_JOIN reservations r FORCE INDEX (PRIMARY) ON r.order_id = j.id FOR UPDATE`;

/** A hot option is one lock per batch, not one per order. */
export const LOCK_STOCK = `
  SELECT option_id AS optionId, product_id AS productId, available, reserved, sold, version
    FROM stock FORCE INDEX (PRIMARY) WHERE option_id IN (?) ORDER BY option_id FOR UPDATE`;

/** Whether products are for sale. Read, not locked: a sale is judged at one moment, and this is it. */
export const READ_PRODUCTS = `
  SELECT id AS productId, IF(deleted_at IS NULL, status, 'DELETED') AS status FROM products FORCE INDEX (PRIMARY) WHERE id IN (?)`;

export const STOCK = 'stock (option_id, product_id, available, reserved, sold, version)';

/** New values of locked rows; the table's CHECK refuses what would oversell, whatever was decided. The version tells each from the old one. */
export const NEW_VALUES =
  'ON DUPLICATE KEY UPDATE available = VALUES(available), reserved = VALUES(reserved), sold = VALUES(sold), version = VALUES(version)';

/** Plainly inserted: of two commands that reserve an option for one order the primary key lets one through. */
export const NEW_RESERVATIONS = 'reservations (order_id, option_id, quantity, status, ended_at)';

/** Ends all that the orders still hold, and nothing that has ended. */
export const END_RESERVATIONS = `
  UPDATE reservations FORCE INDEX (PRIMARY) SET status = ?, ended_at = UTC_TIMESTAMP(3) WHERE order_id IN (?) AND status = 'RESERVED'`;

/** What orders took from what is on hand; an order can sell an option once, by a unique key. */
export const SALES = 'stock_movements (option_id, type, delta, on_hand_after, cause_id, order_id)';

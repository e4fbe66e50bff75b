// The statements of a batch of commands. What locks, reads or changes rows takes one JSON parameter, whatever the size of the batch, and finds
// them by their primary key in the order of that JSON: without the join order and the index hints the server scans small tables whole and waits
// for strangers. New rows are sent in bulk (`tx.insert`): of them only table and columns stand here.

// In a derived table: MySQL refuses to lock what JSON_TABLE makes (error 3569).
const ORDERS = `(SELECT j.id FROM JSON_TABLE(?, '$[*]' COLUMNS (id CHAR(36) CHARACTER SET ascii PATH '$')) j) j`;
const OPTIONS = ORDERS;

/** What the orders have reserved. Locked before stock, always. */
export const LOCK_RESERVATIONS = `
  SELECT r.order_id AS orderId, r.option_id AS optionId, r.quantity, r.status
    FROM ${ORDERS} STRAIGHT_JOIN reservations r FORCE INDEX (PRIMARY) ON r.order_id = j.id FOR UPDATE`;

/** A hot option is one lock a batch, not one an order. */
export const LOCK_STOCK = `
  SELECT s.option_id AS optionId, s.product_id AS productId, s.available, s.reserved, s.sold, s.version
    FROM ${OPTIONS} STRAIGHT_JOIN stock s FORCE INDEX (PRIMARY) ON s.option_id = j.id FOR UPDATE`;

/** Whether the options' products are for sale. Read, not locked: a sale is judged at one moment, and this is it. */
export const READ_ON_SALE = `
  SELECT o.id AS optionId, o.product_id AS productId, IF(p.deleted_at IS NULL, p.status, 'DELETED') AS status
    FROM ${OPTIONS}
    STRAIGHT_JOIN product_options o FORCE INDEX (PRIMARY) ON o.id = j.id
    STRAIGHT_JOIN products p FORCE INDEX (PRIMARY) ON p.id = o.product_id`;

/** New values of locked rows; the table's CHECK refuses what would oversell, whatever was decided. */
export const UPDATE_STOCK = `
  UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
           id CHAR(36) CHARACTER SET ascii PATH '$[0]', available BIGINT PATH '$[1]', reserved BIGINT PATH '$[2]', sold BIGINT PATH '$[3]', version BIGINT PATH '$[4]')) j
  STRAIGHT_JOIN stock s FORCE INDEX (PRIMARY) ON s.option_id = j.id
     SET s.available = j.available, s.reserved = j.reserved, s.sold = j.sold, s.version = j.version`;

const RESERVATIONS = `JSON_TABLE(?, '$[*]' COLUMNS (
           order_id CHAR(36) CHARACTER SET ascii PATH '$[0]', option_id CHAR(36) CHARACTER SET ascii PATH '$[1]',
           quantity BIGINT PATH '$[2]', status VARCHAR(16) CHARACTER SET ascii PATH '$[3]')) j`;

export const NEW_RESERVATIONS = 'reservations (order_id, option_id, quantity, status, ended_at)';

export const END_RESERVATIONS = `
  UPDATE ${RESERVATIONS}
  STRAIGHT_JOIN reservations r FORCE INDEX (PRIMARY) ON r.order_id = j.order_id AND r.option_id = j.option_id
     SET r.status = j.status, r.ended_at = UTC_TIMESTAMP(3)`;

/** What orders took from what is on hand; an order can sell an option once, by a unique key. */
export const SALES = 'stock_movements (option_id, type, delta, on_hand_after, cause_id, order_id)';

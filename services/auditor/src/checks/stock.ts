import { only, sqlCheck } from '../check.ts';

export const stockAddsUp = sqlCheck(
  'stock.adds-up',
  'Initial stock plus adjustments is available plus reserved plus sold, for every option; none is moved or reserved without its stock.',
  'catalog',
  ({ ids }) => {
    const some = only('s.option_id', ids);
    const moved = only('m.option_id', ids);
    const held = only('r.option_id', ids);
    return {
      violations: `
        SELECT s.option_id AS id, CONCAT('brought in ', COALESCE(m.brought_in, 0), ', but available ', s.available, ' + reserved ', s.reserved, ' + sold ', s.sold) AS message
          FROM stock s
          LEFT JOIN (SELECT option_id, SUM(delta) AS brought_in FROM stock_movements WHERE type IN ('INITIAL', 'ADJUSTMENT') GROUP BY option_id) m ON m.option_id = s.option_id
         WHERE COALESCE(m.brought_in, 0) <> s.available + s.reserved + s.sold${some.sql}
        UNION ALL
        SELECT m.option_id, CONCAT('it has no stock, but ', COUNT(*), ' movements')
          FROM stock_movements m LEFT JOIN stock s ON s.option_id = m.option_id
         WHERE s.option_id IS NULL${moved.sql} GROUP BY m.option_id
        UNION ALL
        SELECT r.option_id, CONCAT('it has no stock, but ', COUNT(*), ' reservations of ', SUM(r.quantity), ' units')
          FROM reservations r LEFT JOIN stock s ON s.option_id = r.option_id
         WHERE s.option_id IS NULL${held.sql} GROUP BY r.option_id`,
      params: [...some.params, ...moved.params, ...held.params],
      counted: 'stock',
    };
  },
);

export const stockNeverNegative = sqlCheck(
  'stock.never-oversold',
  'Nothing is available, reserved or sold below zero.',
  'catalog',
  ({ ids }) => {
    const some = only('option_id', ids);
    return {
      violations: `SELECT option_id AS id, CONCAT('available ', available, ', reserved ', reserved, ', sold ', sold) AS message
                   FROM stock WHERE (available < 0 OR reserved < 0 OR sold < 0)${some.sql}`,
      params: some.params,
      counted: 'stock',
    };
  },
);

export const reservedIsHeld = sqlCheck(
  'stock.reserved-is-held',
  'What an option has reserved is what orders hold of it.',
  'catalog',
  ({ ids }) => {
    const some = only('s.option_id', ids);
    return {
      violations: `
      SELECT s.option_id AS id, CONCAT('reserved ', s.reserved, ', but orders hold ', COALESCE(r.held, 0)) AS message
        FROM stock s
        LEFT JOIN (SELECT option_id, SUM(quantity) AS held FROM reservations WHERE status = 'RESERVED' GROUP BY option_id) r ON r.option_id = s.option_id
       WHERE s.reserved <> COALESCE(r.held, 0)${some.sql}`,
      params: some.params,
      counted: 'stock',
    };
  },
);

export const soldIsMoved = sqlCheck(
  'stock.sold-is-moved',
  'What is sold stands in the movements, and every sale in them is one committed reservation of the same units.',
  'catalog',
  ({ ids }) => {
    const some = only('s.option_id', ids);
    const held = only('r.option_id', ids);
    const moved = only('m.option_id', ids);
    return {
      violations: `
        SELECT s.option_id AS id, CONCAT('sold ', s.sold, ', but its movements say ', COALESCE(m.moved, 0)) AS message
          FROM stock s
          LEFT JOIN (SELECT option_id, -SUM(delta) AS moved FROM stock_movements WHERE type IN ('SALE', 'RESTOCK') GROUP BY option_id) m ON m.option_id = s.option_id
         WHERE s.sold <> COALESCE(m.moved, 0)${some.sql}
        UNION ALL
        SELECT option_id, CONCAT('order ', order_id, ' committed ', quantity, ', but its sales say ', COALESCE(sold, 0))
          FROM (SELECT r.option_id, r.order_id, r.quantity, (SELECT -SUM(m.delta) FROM stock_movements m
                                                              WHERE m.cause_id = r.order_id AND m.option_id = r.option_id AND m.type = 'SALE') AS sold
                  FROM reservations r WHERE r.status = 'COMMITTED'${held.sql}) c
         WHERE NOT (sold <=> quantity)
        UNION ALL
        SELECT m.option_id, CONCAT('sale ', m.id, ' of order ', m.cause_id, ' has no committed reservation')
          FROM stock_movements m LEFT JOIN reservations r ON r.order_id = m.cause_id AND r.option_id = m.option_id AND r.status = 'COMMITTED'
         WHERE m.type = 'SALE' AND r.order_id IS NULL${moved.sql}`,
      params: [...some.params, ...held.params, ...moved.params],
      counted: 'stock',
    };
  },
);

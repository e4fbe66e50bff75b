import { type Check, only, sqlCheck } from '../check.ts';

// A command id is `sagaId/step/attempt`; the saga that places an order has the order's id.
const ORDER_OF = (column: string): string => `SUBSTRING_INDEX(${column}, '/', 1)`;

/** A claimed command without an answer was committed without its effect; it would be answered by nobody, for ever. */
const answered = (schema: 'wallet' | 'catalog' | 'coupon'): Check =>
  sqlCheck(`inbox.${schema}.answered`, 'Every claimed command has its stored answer.', schema, ({ ids }) => {
    const some = only('id', ids);
    return {
      violations: `SELECT id, 'claimed, but never answered' AS message FROM inbox WHERE reply_type IS NULL${some.sql}`,
      params: some.params,
      counted: 'inbox',
    };
  });

export const inboxAnswered: readonly Check[] = [answered('wallet'), answered('catalog'), answered('coupon')];

export const walletOneEffect = sqlCheck(
  'inbox.wallet.one-effect',
  'Every payment in the ledger answers exactly one debit command.',
  'wallet',
  ({ ids }) => {
    const some = only('l.cause_id', ids);
    return {
      violations: `
        SELECT l.cause_id AS id, CONCAT('payment ', l.id, ' answers ', COUNT(i.id), ' debit commands') AS message
          FROM ledger l
          LEFT JOIN inbox i ON i.id LIKE CONCAT(l.cause_id, '/%') AND i.reply_type = 'jumun.wallet.v1.WalletDebited'
         WHERE l.type = 'PAYMENT' AND l.created_at > UTC_TIMESTAMP() - INTERVAL 2 DAY${some.sql}
         GROUP BY l.id, l.cause_id HAVING COUNT(i.id) <> 1`,
      params: some.params,
      counted: "ledger WHERE type = 'PAYMENT'",
    };
  },
);

export const inventoryOneEffect = sqlCheck(
  'inbox.catalog.one-effect',
  'Every reservation answers exactly one reserve command, and the other way round.',
  'catalog',
  ({ ids }) => {
    const held = only('r.order_id', ids);
    const said = only(ORDER_OF('i.id'), ids);
    return {
      violations: `
        SELECT r.order_id AS id, CONCAT('its reservation answers ', COUNT(DISTINCT i.id), ' reserve commands') AS message
          FROM reservations r
          LEFT JOIN inbox i ON i.id LIKE CONCAT(r.order_id, '/%') AND i.reply_type = 'jumun.inventory.v1.StockReserved'
         WHERE r.created_at > UTC_TIMESTAMP() - INTERVAL 2 DAY${held.sql}
         GROUP BY r.order_id HAVING COUNT(DISTINCT i.id) <> 1
        UNION ALL
        SELECT ${ORDER_OF('i.id')}, CONCAT('command ', i.id, ' was answered StockReserved, but nothing is reserved')
          FROM inbox i LEFT JOIN reservations r ON r.order_id = ${ORDER_OF('i.id')}
         WHERE i.reply_type = 'jumun.inventory.v1.StockReserved' AND r.order_id IS NULL${said.sql}`,
      params: [...held.params, ...said.params],
      counted: 'reservations',
    };
  },
);

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

/** How many commands of each order were answered so; grouped first, since a prefix of an id cannot be looked up by index in a join. */
const answersOf = (replyType: string): string =>
  `(SELECT ${ORDER_OF('id')} AS order_id, COUNT(*) AS n FROM inbox WHERE reply_type = '${replyType}' GROUP BY ${ORDER_OF('id')})`;

export const walletOneEffect = sqlCheck(
  'inbox.wallet.one-effect',
  'Every payment in the ledger answers exactly one debit command.',
  'wallet',
  ({ ids }) => {
    const some = only('l.cause_id', ids);
    return {
      violations: `
        SELECT l.cause_id AS id, CONCAT('payment ', l.id, ' answers ', COALESCE(a.n, 0), ' debit commands') AS message
          FROM ledger l LEFT JOIN ${answersOf('jumun.wallet.v1.WalletDebited')} a ON a.order_id = l.cause_id
         WHERE l.type = 'PAYMENT' AND l.created_at > UTC_TIMESTAMP() - INTERVAL 2 DAY AND COALESCE(a.n, 0) <> 1${some.sql}`,
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
    const said = only('a.order_id', ids);
    const reserved = answersOf('jumun.inventory.v1.StockReserved');
    return {
      violations: `
        SELECT r.order_id AS id, CONCAT('its reservation answers ', COALESCE(a.n, 0), ' reserve commands') AS message
          FROM (SELECT order_id, MAX(created_at) AS created_at FROM reservations GROUP BY order_id) r LEFT JOIN ${reserved} a ON a.order_id = r.order_id
         WHERE r.created_at > UTC_TIMESTAMP() - INTERVAL 2 DAY AND COALESCE(a.n, 0) <> 1${held.sql}
        UNION ALL
        SELECT a.order_id, CONCAT(a.n, ' commands were answered StockReserved, but nothing is reserved')
          FROM ${reserved} a LEFT JOIN reservations r ON r.order_id = a.order_id
         WHERE r.order_id IS NULL${said.sql}`,
      params: [...held.params, ...said.params],
      counted: 'reservations',
    };
  },
);

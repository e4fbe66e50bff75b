import { type Check, only, sqlCheck, type Violation } from '../check.ts';
import { acrossSchemas } from './across.ts';
import { type KeptCoupon, keptCoupons } from './orders.ts';

// A command id is `sagaId/step/attempt`; the saga that places an order has the order's id.
const ORDER_OF = (column: string): string => `SUBSTRING_INDEX(${column}, '/', 1)`;

/** A claimed command without an answer was committed without its effect; it would be answered by nobody, for ever. */
const answered = (schema: 'wallet' | 'catalog' | 'coupon'): Check =>
  sqlCheck(`inbox.${schema}.answered`, 'Every claimed command has its stored answer, its type and what it says.', schema, ({ ids }) => {
    const some = only('id', ids);
    return {
      violations: `
        SELECT id, IF(reply_type IS NULL, 'claimed, but never answered', CONCAT('answered ', reply_type, ', but nothing is stored of it')) AS message
          FROM inbox WHERE (reply_type IS NULL OR reply IS NULL)${some.sql}`,
      params: some.params,
      counted: 'inbox',
    };
  });

export const inboxAnswered: readonly Check[] = [answered('wallet'), answered('catalog'), answered('coupon')];

/** An effect whose commands may have been purged from the inbox is not compared with them: they are kept for three days. */
const REMEMBERED_DAYS = 2;
const REMEMBERED = `UTC_TIMESTAMP() - INTERVAL ${REMEMBERED_DAYS} DAY`;
const isRemembered = (at: Date): boolean => at.getTime() > Date.now() - REMEMBERED_DAYS * 86_400_000;

/**
 * How many commands of each order were answered in these ways, as a derived table `(order_id, <column> …)`. Grouped first, since a prefix of
 * an id cannot be looked up by index in a join. `some` is an `AND …` on the command's id: one of all commands would be a table of its own on disk.
 */
const answersBy = (types: Readonly<Record<string, string>>, some: string): string => {
  const counts = Object.entries(types).map(([column, type]) => `SUM(reply_type = '${type}') AS ${column}`);
  const wanted = Object.values(types).map((type) => `'${type}'`);
  return `(SELECT ${ORDER_OF('id')} AS order_id, ${counts.join(', ')} FROM inbox WHERE reply_type IN (${wanted.join(', ')})${some} GROUP BY ${ORDER_OF('id')})`;
};

export const walletOneEffect = acrossSchemas(
  'inbox.wallet.one-effect',
  'Every payment in the ledger answers exactly one debit command.',
  async ({ books }, { within, commandsWithin }) => {
    const [payments, commands] = [within('l.cause_id'), commandsWithin('id')];
    return books.wallet.query<Violation>(
      `SELECT l.cause_id AS id, CONCAT('payment ', l.id, ' answers ', COALESCE(a.debited, 0), ' debit commands') AS message
         FROM ledger l LEFT JOIN ${answersBy({ debited: 'jumun.wallet.v1.WalletDebited' }, commands.sql)} a ON a.order_id = l.cause_id
        WHERE l.type = 'PAYMENT' AND l.created_at > ${REMEMBERED} AND COALESCE(a.debited, 0) <> 1${payments.sql}`,
      [...commands.params, ...payments.params],
    );
  },
);

/** A release may be asked for of what was never reserved, so it has an effect or none; every other command that was not refused has one. */
export const inventoryOneEffect = acrossSchemas(
  'inbox.catalog.one-effect',
  'Every reservation answers exactly one reserve command, its sale one commit, its release a release; and each such answer has had its effect.',
  async ({ books }, { within, commandsWithin }) => {
    const [held, commands] = [within('order_id'), commandsWithin('id')];
    const types = {
      reserved: 'jumun.inventory.v1.StockReserved',
      committed: 'jumun.inventory.v1.StockCommitted',
      released: 'jumun.inventory.v1.StockReleased',
    };
    const answers = answersBy(types, commands.sql);
    const answered = (column: keyof typeof types): string => `COALESCE(a.${column}, 0)`;
    return books.catalog.query<Violation>(
      `SELECT r.order_id AS id, CONCAT('its reservation is ', r.statuses, ', and answers ', ${answered('reserved')}, ' reserve commands, ',
              ${answered('committed')}, ' commits and ', ${answered('released')}, ' releases') AS message
         FROM (SELECT order_id, MAX(created_at) AS created_at, CONCAT_WS(' and ', MIN(status), NULLIF(MAX(status), MIN(status))) AS statuses FROM reservations WHERE TRUE${held.sql} GROUP BY order_id) r
         LEFT JOIN ${answers} a ON a.order_id = r.order_id
        WHERE r.created_at > ${REMEMBERED}
          AND NOT (${answered('reserved')} = 1 AND ${answered('committed')} = (r.statuses = 'COMMITTED') AND (${answered('released')} > 0) = (r.statuses = 'RELEASED'))
       UNION ALL
       SELECT a.order_id, CONCAT(a.reserved, ' reserve commands and ', a.committed, ' commits were answered, but nothing is reserved')
         FROM ${answers} a LEFT JOIN reservations r ON r.order_id = a.order_id
        WHERE r.order_id IS NULL AND a.reserved + a.committed > 0`,
      [...held.params, ...commands.params, ...commands.params],
    );
  },
);

/** What was answered to the commands of one order. */
interface CouponAnswers {
  readonly held: number;
  readonly used: number;
  readonly released: number;
}

/** Whether a coupon that an order keeps has exactly the answers that brought it there, of those that the inbox must still have. */
const isAnswered = ({ status, updatedAt }: KeptCoupon, orderedAt: Date, { held, used, released }: CouponAnswers): boolean => {
  // A use renews the row, maybe days after the hold, of which only this is known: it is not older than its order.
  const isHoldThere = held === 1 || (held === 0 && !isRemembered(orderedAt));
  const isUseThere = status === 'HELD' ? used === 0 : used === 1 || (used === 0 && !isRemembered(updatedAt));
  return isHoldThere && isUseThere && released === 0;
};

export const couponOneEffect = acrossSchemas(
  'inbox.coupon.one-effect',
  'Every held coupon answers exactly one hold command, every used one a use as well; and each such answer has had its effect.',
  async ({ books }, stretch) => {
    const { sql, params } = stretch.commandsWithin('id');
    const types = {
      held: 'jumun.coupon.v1.CouponHeld',
      used: 'jumun.coupon.v1.CouponUsed',
      released: 'jumun.coupon.v1.CouponReleased',
    };
    const [coupons, rows] = await Promise.all([
      keptCoupons(books, stretch),
      books.coupon.query<CouponAnswers & { id: string }>(
        `SELECT order_id AS id, held, used, released FROM ${answersBy(types, sql)} a`,
        params,
      ),
    ]);
    const answers = new Map(
      rows.map(({ id, held, used, released }) => [id, { held: Number(held), used: Number(used), released: Number(released) }]),
    );
    const violations: Violation[] = [];
    for (const coupon of coupons) {
      const { couponId, orderId: id, status, updatedAt } = coupon;
      const said = answers.get(id) ?? { held: 0, used: 0, released: 0 };
      if (!isAnswered(coupon, stretch.byId.get(id)?.createdAt ?? updatedAt, said))
        violations.push({
          id,
          message: `coupon ${couponId} is ${status} by it, and answers ${said.held} hold commands, ${said.used} uses and ${said.released} releases`,
        });
    }
    const keepers = new Set(coupons.map(({ orderId }) => orderId));
    for (const [id, { held, used, released }] of answers)
      if (!keepers.has(id) && (used > 0 || held > 1 || (held === 1 && released === 0)))
        violations.push({
          id,
          message: `${held} hold commands, ${used} uses and ${released} releases were answered, but it has no coupon`,
        });
    return violations;
  },
);

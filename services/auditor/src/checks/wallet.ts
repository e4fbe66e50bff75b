import { only, sqlCheck } from '../check.ts';

export const balanceEqualsLedger = sqlCheck(
  'wallet.balance-equals-ledger',
  'A balance is the sum of its ledger entries, and every entry is of a wallet.',
  'wallet',
  ({ ids }) => {
    const some = only('w.user_id', ids);
    const entries = only('l.user_id', ids);
    return {
      violations: `
      SELECT w.user_id AS id, CONCAT('balance ', w.balance, ' at version ', w.version, ', but its ', COUNT(l.id), ' entries sum up to ', COALESCE(SUM(l.amount), 0)) AS message
        FROM wallets w LEFT JOIN ledger l ON l.user_id = w.user_id
       WHERE TRUE${some.sql}
       GROUP BY w.user_id, w.balance, w.version
      HAVING w.balance <> COALESCE(SUM(l.amount), 0)
      UNION ALL
      SELECT l.user_id, CONCAT('there is no wallet, but its ', COUNT(*), ' entries sum up to ', SUM(l.amount))
        FROM ledger l LEFT JOIN wallets w ON w.user_id = l.user_id
       WHERE w.user_id IS NULL${entries.sql}
       GROUP BY l.user_id`,
      params: [...some.params, ...entries.params],
      counted: 'wallets',
    };
  },
);

export const neverNegative = sqlCheck('wallet.never-negative', 'No balance is or ever was below zero.', 'wallet', ({ ids }) => {
  const wallets = only('user_id', ids);
  return {
    violations: `
      SELECT user_id AS id, CONCAT('balance ', balance) AS message FROM wallets WHERE balance < 0${wallets.sql}
      UNION ALL
      SELECT user_id, CONCAT('entry ', id, ' left ', balance_after) FROM ledger WHERE balance_after < 0${wallets.sql}`,
    params: [...wallets.params, ...wallets.params],
    counted: 'ledger',
  };
});

/**
 * A changed or deleted entry breaks the chain: each balance after is the one before plus the amount, and versions have no gap. What an entry is
 * for it says twice: a charge is its own cause and of no order, every other entry has its order as its cause.
 */
export const ledgerUnbroken = sqlCheck(
  'wallet.ledger-unbroken',
  'Ledger entries follow one another without a gap, say the same of what they are for wherever they say it, and are never changed.',
  'wallet',
  ({ ids }) => {
    const some = only('user_id', ids);
    const wallets = only('w.user_id', ids);
    return {
      violations: `
      SELECT user_id AS id, CONCAT('entry ', entry, ' (version ', version, ', ', amount, ') leaves ', balance_after, ' after ', previous_balance, ' at version ', previous_version) AS message
        FROM (SELECT user_id, id AS entry, version, amount, balance_after,
                     COALESCE(LAG(balance_after) OVER (PARTITION BY user_id ORDER BY version), 0) AS previous_balance,
                     COALESCE(LAG(version) OVER (PARTITION BY user_id ORDER BY version), 0) AS previous_version
                FROM ledger WHERE TRUE${some.sql}) chained
       WHERE balance_after <> previous_balance + amount OR version <> previous_version + 1
      UNION ALL
      SELECT w.user_id, CONCAT('wallet is at version ', w.version, ', its last entry at ', COALESCE(MAX(l.version), 0))
        FROM wallets w LEFT JOIN ledger l ON l.user_id = w.user_id
       WHERE TRUE${wallets.sql} GROUP BY w.user_id, w.version HAVING w.version <> COALESCE(MAX(l.version), 0)
      UNION ALL
      SELECT user_id, CONCAT(type, ' ', id, ' has the cause ', cause_id, IF(order_id IS NULL, ' and no order', CONCAT(' and the order ', order_id)))
        FROM ledger
       WHERE NOT IF(type = 'CHARGE', cause_id = id AND order_id IS NULL, cause_id <=> order_id)${some.sql}`,
      params: [...some.params, ...wallets.params, ...some.params],
      counted: 'ledger',
    };
  },
);

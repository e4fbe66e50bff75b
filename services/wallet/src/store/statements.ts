// Every statement that is hot, or reads a list. `statements.int.spec.ts` keeps how the server carries each of them out.

/** The wallets of a batch, by their keys. For debits without a lock: who writes meanwhile is noticed by the version. */
export const READ_WALLETS =
  'SELECT user_id AS userId, balance, version FROM wallets FORCE INDEX (PRIMARY) WHERE user_id IN (?) ORDER BY user_id';

/** The same, locked in the order of their keys, so that two batches never wait for each other in a circle. */
export const LOCK_WALLETS = `${READ_WALLETS} FOR UPDATE`;

/**
 * Writes each wallet of a batch if nobody wrote it since it was read; matched rows fewer than given: somebody did. The rows come sorted by
 * id. Join order and index are forced, since a small table would be scanned whole, waiting for rows of strangers.
 */
export const UPDATE_WALLETS = `
  UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id CHAR(36) CHARACTER SET ascii PATH '$[0]', was BIGINT PATH '$[1]', balance BIGINT PATH '$[2]', version BIGINT PATH '$[3]')) j
  STRAIGHT_JOIN wallets w FORCE INDEX (PRIMARY) ON w.user_id = j.id AND w.version = j.was
     SET w.balance = j.balance, w.version = j.version, w.updated_at = UTC_TIMESTAMP(3)`;

/** UNIQUE (cause_id, type) and UNIQUE (user_id, version) stand behind it for ever: no order is paid twice, no version is given twice. */
export const ENTRIES = 'ledger (id, user_id, version, type, amount, balance_after, cause_id, order_id, created_at)';

/** One wallet, read from the truth. */
export const READ_WALLET = 'SELECT balance, updated_at AS updatedAt FROM wallets WHERE user_id = ?';

/** Balances of many users for the quotes of orders, in one round trip. */
export const READ_BALANCES = 'SELECT user_id AS userId, balance FROM wallets FORCE INDEX (PRIMARY) WHERE user_id IN (?)';

/**
 * A page of a user's ledger, newest first, read off the index in that order: a page costs its own rows, of one type also those of others in between.
 */
export const readEntries = ({ ofType, before }: { ofType: boolean; before: boolean }): string => `
  SELECT id, type, amount, balance_after AS balanceAfter, order_id AS orderId, created_at AS createdAt, version
    FROM ledger FORCE INDEX (ledger_version)
   WHERE user_id = ?${ofType ? ' AND type = ?' : ''}${before ? ' AND version < ?' : ''}
   ORDER BY version DESC LIMIT ?`;

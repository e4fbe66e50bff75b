import { refusal, type refusals, wallet } from '@jumun/protos';
import { decodeCursor, type Database, pageOf } from '@jumun/service-kit';

interface TransactionRow {
  readonly id: string;
  readonly type: 'CHARGE' | 'PAYMENT' | 'REFUND';
  readonly amount: number;
  readonly balanceAfter: number;
  readonly orderId: string | null;
  readonly createdAt: Date;
  readonly version: number;
}

/** A user's balance; 0 for somebody who has none yet. */
export const getWallet = async (db: Database, userId: string): Promise<wallet.GetWalletResponse> => {
  const [row] = await db.query<{ balance: number; updatedAt: Date }>(
    'SELECT balance, updated_at AS updatedAt FROM wallets WHERE user_id = ?',
    [userId],
  );
  return wallet.GetWalletResponse.fromPartial({ userId, balance: row?.balance ?? 0, updatedAt: row?.updatedAt ?? new Date() });
};

/**
 * Ledger entries, newest first. The cursor is the version of the last one shown: versions rise by one and are unique in a wallet, so a page
 * neither skips nor repeats an entry, whatever is written meanwhile.
 */
export const listTransactions = async (
  db: Database,
  { userId, type, limit, cursor }: wallet.ListTransactionsRequest,
): Promise<wallet.TransactionPage | { refused: refusals.Refusal }> => {
  const from = cursor === '' ? null : decodeCursor(cursor);
  if (cursor !== '' && (from === null || !/^\d+$/.test(from.id)))
    return { refused: refusal('invalidRequest', { errors: [{ path: '?cursor', message: 'is not a cursor that this list has given' }] }) };
  const rows = await db.query<TransactionRow>(
    `SELECT id, type, amount, balance_after AS balanceAfter, order_id AS orderId, created_at AS createdAt, version
       FROM ledger WHERE user_id = ?${from === null ? '' : ' AND version < ?'}${type === undefined ? '' : ' AND type = ?'} ORDER BY version DESC LIMIT ?`,
    [
      userId,
      ...(from === null ? [] : [Number(from.id)]),
      ...(type === undefined ? [] : [type.replace('TRANSACTION_TYPE_', '')]),
      limit + 1,
    ],
  );
  const page = pageOf(rows, limit, ({ createdAt, version }) => ({ at: createdAt, id: String(version) }));
  return wallet.TransactionPage.fromPartial({
    items: page.items.map((row) => ({ ...row, type: wallet.TransactionType[row.type], orderId: row.orderId ?? undefined })),
    nextCursor: page.nextCursor,
  });
};

/** Balances of many users in one statement, in the order of the question. */
export const quoteBalances = async (db: Database, userIds: readonly string[]): Promise<wallet.QuoteBalancesResponse> => {
  const rows =
    userIds.length === 0
      ? []
      : await db.query<{ userId: string; balance: number }>('SELECT user_id AS userId, balance FROM wallets WHERE user_id IN (?)', [
          [...new Set(userIds)],
        ]);
  const balances = new Map(rows.map(({ userId, balance }) => [userId, balance]));
  return wallet.QuoteBalancesResponse.fromPartial({
    quotes: userIds.map((userId) => ({ known: balances.has(userId), balance: balances.get(userId) ?? 0 })),
  });
};

import { badCursor, enumName, type refusals, wallet } from '@jumun/protos';
import { canBeId, decodeCursor, type Database, pageOf } from '@jumun/service-kit';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { balanceOf, balancesOf, entriesOf, type EntryRow, type EntryType } from '../store/ledger.ts';
import { toUser } from '../users/users.ts';

const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 100;

type Page = wallet.TransactionPage | { readonly refused: refusals.Refusal };

/** Somebody by id, if there is such a user. */
export const getUser = async (prisma: PrismaClient, userId: string): Promise<wallet.GetUserResponse> => {
  const user = canBeId(userId) ? await prisma.user.findUnique({ where: { id: userId } }) : null;
  return { $type: 'jumun.wallet.v1.GetUserResponse', user: user === null ? undefined : toUser(user) };
};

/** A user's balance from the truth; 0 for somebody who has none yet. */
export const getWallet = async (db: Database, userId: string): Promise<wallet.GetWalletResponse> => {
  const row = await balanceOf(db, userId);
  return { $type: 'jumun.wallet.v1.GetWalletResponse', userId, balance: row?.balance ?? 0, updatedAt: row?.updatedAt ?? new Date() };
};

const asShown = ({ id, type, amount, balanceAfter, orderId, createdAt }: EntryRow): wallet.Transaction => ({
  $type: 'jumun.wallet.v1.Transaction',
  id,
  type: wallet.TransactionType[type],
  amount,
  balanceAfter,
  orderId: orderId ?? undefined,
  createdAt,
});

const LIST = 'transactions';

/** The version that a cursor names; undefined when there is none, null when no list of ours gave it. */
const versionOf = (cursor: string): number | undefined | null => {
  if (cursor === '') return undefined;
  const version = Number(decodeCursor(LIST, cursor)?.id);
  return Number.isSafeInteger(version) ? version : null;
};

const typeOf = (type: wallet.TransactionType | undefined): EntryType | undefined =>
  type === undefined || type === wallet.TransactionType.UNSPECIFIED ? undefined : (enumName(wallet.TransactionType, type) as EntryType);

/**
 * Ledger entries, newest first. The cursor names the version of the last one shown: versions rise by one and are unique in a wallet, so a
 * page neither skips nor repeats an entry, whatever is written meanwhile.
 */
export const listTransactions = async (db: Database, request: wallet.ListTransactionsRequest): Promise<Page> => {
  const beforeVersion = versionOf(request.cursor);
  if (beforeVersion === null) return { refused: badCursor };
  const limit = request.limit < 1 ? LIMIT_DEFAULT : Math.min(request.limit, LIMIT_MAX);
  const rows = await entriesOf(db, { userId: request.userId, type: typeOf(request.type), beforeVersion, limit: limit + 1 });
  const { items, nextCursor } = pageOf(LIST, rows, limit, ({ createdAt, version }) => ({ at: createdAt, id: String(version) }));
  return { $type: 'jumun.wallet.v1.TransactionPage', items: items.map(asShown), nextCursor };
};

/** Balances of many users in one statement, in the order of the question. */
export const quoteBalances = async (db: Database, userIds: readonly string[]): Promise<wallet.QuoteBalancesResponse> => {
  const balances = await balancesOf(db, userIds);
  const quotes = userIds.map((userId): wallet.BalanceQuote => {
    const balance = balances.get(userId);
    return { $type: 'jumun.wallet.v1.BalanceQuote', known: balance !== undefined, balance: balance ?? 0 };
  });
  return { $type: 'jumun.wallet.v1.QuoteBalancesResponse', quotes };
};

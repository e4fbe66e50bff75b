import { canBeId, type Tx } from '@jumun/service-kit';
import { READ_BALANCES, READ_WALLET, readEntries } from './statements.ts';

export type EntryType = 'CHARGE' | 'PAYMENT' | 'REFUND';

export interface EntryRow {
  readonly id: string;
  readonly type: EntryType;
  /** Won, signed. */
  readonly amount: number;
  readonly balanceAfter: number;
  readonly orderId: string | null;
  readonly createdAt: Date;
  readonly version: number;
}

export interface EntryQuestion {
  readonly userId: string;
  readonly type?: EntryType;
  /** Only entries older than the one of this version. */
  readonly beforeVersion?: number;
  readonly limit: number;
}

/** A user's entries, newest first. */
export const entriesOf = async (
  { query }: Pick<Tx, 'query'>,
  { userId, type, beforeVersion, limit }: EntryQuestion,
): Promise<EntryRow[]> => {
  if (!canBeId(userId)) return [];
  const params = [userId, type, beforeVersion, limit].filter((param) => param !== undefined);
  return query<EntryRow>(readEntries({ ofType: type !== undefined, before: beforeVersion !== undefined }), params);
};

export const balanceOf = async ({ query }: Pick<Tx, 'query'>, userId: string): Promise<{ balance: number; updatedAt: Date } | undefined> =>
  canBeId(userId) ? (await query<{ balance: number; updatedAt: Date }>(READ_WALLET, [userId]))[0] : undefined;

/** Won by user id; who has no wallet is missing. */
export const balancesOf = async ({ query }: Pick<Tx, 'query'>, userIds: readonly string[]): Promise<Map<string, number>> => {
  const ids = [...new Set(userIds)].filter(canBeId);
  if (ids.length === 0) return new Map();
  const rows = await query<{ userId: string; balance: number }>(READ_BALANCES, [ids]);
  return new Map(rows.map(({ userId, balance }) => [userId, balance]));
};

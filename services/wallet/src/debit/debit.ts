import type { refusals, wallet } from '@jumun/protos';
import type { Wallet } from '../wallet.ts';

/** Debits a wallet at a time that is given, or says how much is missing. Pure: no clock, no database. */
export const decideDebit = (
  { balance }: Wallet,
  { orderId, amount }: Pick<wallet.DebitWallet, 'orderId' | 'amount'>,
  paidAt: Date,
): wallet.WalletDebited | refusals.InsufficientBalance => {
  if (amount < 0) throw new Error(`order ${orderId} debits ${amount} won`);
  if (balance < amount) return { $type: 'jumun.refusals.v1.InsufficientBalance', balance, required: amount, shortBy: amount - balance };
  return { $type: 'jumun.wallet.v1.WalletDebited', balance: balance - amount, paidAt };
};

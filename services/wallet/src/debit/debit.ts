import { participant } from '@jumun/messaging';
import { refusals, wallet } from '@jumun/protos';
import { newEntryId, Wallets } from '../store/wallets.ts';
import { shortfall } from '../wallet.ts';

/** A user without a wallet has nothing to pay with. */
const NO_WALLET = { balance: 0, version: 0 };

/** Debits wallets for orders, or says how much is missing. Nothing is debited twice: the ledger takes one payment an order, ever. */
export const debitWallet = participant<Wallets, wallet.DebitWallet, wallet.WalletDebited | refusals.InsufficientBalance>({
  optimistic: true,
  load: (tx, commands, { lock }) =>
    Wallets.load(
      tx,
      commands.map(({ userId }) => userId),
      { lock },
    ),
  decide: {
    'jumun.wallet.v1.DebitWallet': (wallets, { orderId, userId, amount }) => {
      const before = wallets.find(userId) ?? NO_WALLET;
      const short = shortfall(before, amount);
      if (short !== null) return refusals.InsufficientBalance.fromPartial(short);
      if (amount === 0) return wallet.WalletDebited.fromPartial({ balance: before.balance, paidAt: wallets.at });
      const after = wallets.record({ id: newEntryId(), userId, type: 'PAYMENT', amount: -amount, causeId: orderId, orderId });
      return wallet.WalletDebited.fromPartial({ balance: after.balance, paidAt: wallets.at });
    },
  },
  save: (tx, wallets) => wallets.save(tx),
});

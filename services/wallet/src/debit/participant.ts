import { participant } from '@jumun/messaging';
import type { refusals, wallet } from '@jumun/protos';
import { newId } from '@jumun/service-kit';
import { Wallets } from '../store/wallets.ts';
import { NO_WALLET } from '../wallet.ts';
import { decideDebit } from './debit.ts';

/**
 * Debits wallets for orders. Optimistic: most wallets have no rival, so their rows are locked for the time of one write only (protocols §3,
 * rule 12). Nothing is debited twice: the ledger takes one payment an order, ever. An amount of 0 leaves no entry.
 */
export const walletParticipant = participant<Wallets, wallet.DebitWallet, wallet.WalletDebited | refusals.InsufficientBalance>({
  optimistic: true,
  load: (tx, commands, { lock }) =>
    Wallets.load(
      tx,
      commands.map(({ userId }) => userId),
      { lock },
    ),
  decide: {
    'jumun.wallet.v1.DebitWallet': (wallets, command) => {
      const { orderId, userId, amount } = command;
      const answer = decideDebit(wallets.find(userId) ?? NO_WALLET, command, wallets.at);
      if (answer.$type === 'jumun.wallet.v1.WalletDebited' && amount > 0)
        wallets.record({ id: newId(), userId, type: 'PAYMENT', amount: -amount, causeId: orderId, orderId });
      return answer;
    },
  },
  save: (tx, wallets) => wallets.save(tx),
});

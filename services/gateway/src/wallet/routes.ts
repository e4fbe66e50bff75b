import { enumName, wallet } from '@jumun/protos';
import { created, ok, type Route, route } from '../http/route.ts';
import { Id, Int, Named, OneOf, Page, pageQuery, type Static, Strict, Time, Type, Won } from '../http/schema.ts';
import { refusedOr, timeOf } from '../upstream/answers.ts';
import type { Ask } from '../upstream/ask.ts';
import type { Upstreams } from '../upstream/upstreams.ts';

const walletAnswer = Named('Wallet', Type.Object({ userId: Id(), balance: Won(), updatedAt: Time() }));
const newCharge = Named('NewCharge', Strict({ amount: Int(1, Number.MAX_SAFE_INTEGER, 'Won.') }));
const charge = Named('Charge', Type.Object({ transactionId: Id(), amount: Won(), balance: Won('Won held now.'), createdAt: Time() }));

const TYPES = ['CHARGE', 'PAYMENT', 'REFUND'] as const;
const transaction = Named(
  'Transaction',
  Type.Object({
    id: Id(),
    type: OneOf(TYPES),
    amount: Won('Won, signed: payments are negative.'),
    balanceAfter: Won(),
    orderId: Type.Optional(Id()),
    createdAt: Time(),
  }),
);

const transactionView = (from: wallet.Transaction): Static<typeof transaction> => ({
  id: from.id,
  type: enumName(wallet.TransactionType, from.type) as (typeof TYPES)[number],
  amount: from.amount,
  balanceAfter: from.balanceAfter,
  orderId: from.orderId,
  createdAt: timeOf(from.createdAt),
});

/** The caller's own wallet (api §3). */
export const walletRoutes = ({ wallet: service }: Upstreams, ask: Ask): Route[] => [
  route({
    method: 'GET',
    path: '/v1/wallet',
    tag: 'Wallet',
    summary: 'Balance',
    access: 'signedIn',
    answers: { 200: walletAnswer },
    refusals: [],
    handle: async ({ caller: { userId } }) => {
      const { balance, updatedAt } = await ask((options) => service.getWallet({ userId }, options), { again: true });
      return ok({ userId, balance, updatedAt: timeOf(updatedAt) } satisfies Static<typeof walletAnswer>);
    },
  }),
  route({
    method: 'POST',
    path: '/v1/wallet/charges',
    tag: 'Wallet',
    summary: 'Charge the wallet',
    access: 'signedIn',
    key: 'required',
    body: newCharge,
    answers: { 201: charge },
    refusals: ['INVALID_CHARGE_UNIT', 'CHARGE_LIMIT_EXCEEDED', 'BALANCE_LIMIT_EXCEEDED'],
    handle: async ({ caller: { userId }, body: { amount }, idempotency }) => {
      const { outcome, replayed } = await ask((options) => service.chargeWallet({ idempotency, userId, amount }, options), { again: true });
      if (outcome?.$case !== 'charged') return refusedOr(outcome);
      const { transactionId, balance, createdAt } = outcome.charged;
      const body: Static<typeof charge> = { transactionId, amount: outcome.charged.amount, balance, createdAt: timeOf(createdAt) };
      return created(body, { replayed });
    },
  }),
  route({
    method: 'GET',
    path: '/v1/wallet/transactions',
    tag: 'Wallet',
    summary: 'Every change of the balance, newest first',
    description: 'The sum of all amounts is the balance.',
    access: 'signedIn',
    query: { type: Type.Optional(OneOf(TYPES)), ...pageQuery },
    answers: { 200: Page('TransactionPage', transaction) },
    refusals: [],
    handle: async ({ caller: { userId }, query: { type, limit, cursor = '' } }) => {
      const request = { userId, type: type && wallet.TransactionType[type], limit: limit ?? 20, cursor };
      const { outcome } = await ask((options) => service.listTransactions(request, options), { again: true });
      if (outcome?.$case !== 'page') return refusedOr(outcome);
      const { items, nextCursor = null } = outcome.page;
      return ok({ items: items.map(transactionView), nextCursor });
    },
  }),
];

import type { Outbox, OutMessage } from '@jumun/messaging';
import { keyRefusals, refusal, type refusals, topicNames, wallet } from '@jumun/protos';
import {
  type AfterCommit,
  batcher,
  canBeId,
  currentTrace,
  type Database,
  type FreshCall,
  jsonCodec,
  newId,
  onceEach,
  type Outcome,
  type Tx,
  usableKey,
} from '@jumun/service-kit';
import { Wallets } from '../store/wallets.ts';
import { chargeRefusal, type ChargeRules } from '../wallet.ts';

type Refused = { readonly refused: refusals.Refusal };
type Result = Outcome<wallet.Charge, refusals.Refusal>;

/** Charges the caller's wallet, or says why not. */
export type ChargeWallet = (call: wallet.ChargeWalletRequest) => Promise<Result>;

export interface ChargingLimits {
  /** Charges in one transaction. */
  readonly batchSizeMax: number;
  /** Charges that may wait for theirs. */
  readonly queueMax: number;
}

/** A call on its way through a batch, in which it must not lose its own trace. */
interface Call {
  readonly request: wallet.ChargeWalletRequest;
  readonly traceparent: string | undefined;
}

const chargedMessage = (
  { request, traceparent }: Call,
  { transactionId, amount, balance }: wallet.Charge,
  version: number,
): OutMessage => ({
  topic: topicNames.walletEvents,
  key: request.userId,
  id: newId(),
  payload: wallet.WalletCharged.fromPartial({ transactionId, userId: request.userId, amount, balance, version }),
  traceparent,
});

/** Decides the calls in the order in which they came. Pure, except that it records in `wallets` and collects in `events`. */
export const decideCharges = (
  calls: readonly FreshCall<Call>[],
  wallets: Wallets,
  rules: ChargeRules,
  events: OutMessage[],
): (wallet.Charge | Refused)[] =>
  calls.map(({ call, effectId }) => {
    const { userId, amount } = call.request;
    const before = wallets.find(userId);
    if (before === undefined) return { refused: refusal('unauthenticated') };
    const kind = chargeRefusal(before, amount, rules);
    if (kind !== null) return { refused: { $type: 'jumun.refusals.v1.Refusal', kind } };
    const { balance, version } = wallets.record({ id: effectId, userId, type: 'CHARGE', amount, causeId: effectId, orderId: null });
    const charge: wallet.Charge = { $type: 'jumun.wallet.v1.Charge', transactionId: effectId, amount, balance, createdAt: wallets.at };
    events.push(chargedMessage(call, charge, version));
    return charge;
  });

/** Puts money into wallets. Calls that come together are one transaction; each answer is given after its commit. */
export const openCharging = ({
  db,
  outbox,
  rules,
  limits: { batchSizeMax, queueMax },
}: {
  db: Database;
  outbox: Outbox;
  rules: ChargeRules;
  limits: ChargingLimits;
}): ChargeWallet => {
  const write = async (tx: Tx, calls: readonly FreshCall<Call>[], afterCommit: AfterCommit): Promise<(wallet.Charge | Refused)[]> => {
    const userIds = calls.map(({ call }) => call.request.userId);
    const wallets = await Wallets.load(tx, userIds, { lock: true });
    const events: OutMessage[] = [];
    const results = decideCharges(calls, wallets, rules, events);
    if (events.length > 0) void outbox.add(tx, events);
    await wallets.save(tx);
    afterCommit(() => void outbox.flush(events));
    return results;
  };

  const submit = batcher<Call, Result>({
    sizeMax: batchSizeMax,
    queueMax,
    run: (calls) =>
      onceEach<Call, wallet.Charge, refusals.Refusal>(db, calls, {
        keyOf: ({ request }) => request.idempotency,
        run: write,
        codec: jsonCodec(wallet.Charge),
        ...keyRefusals,
      }),
  });

  return async (request) => {
    if (!canBeId(request.userId)) return { refused: refusal('unauthenticated') };
    usableKey(request.idempotency); // one that cannot be stored fails here, alone, and not with the batch
    return submit({ request, traceparent: currentTrace().traceparent });
  };
};

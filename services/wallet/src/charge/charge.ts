import type { Outbox, OutMessage } from '@jumun/messaging';
import { refusal, type refusals, topicNames, wallet } from '@jumun/protos';
import {
  batcher,
  childTraceparent,
  type Database,
  faultPoint,
  type FreshCall,
  newId,
  onceEach,
  type Outcome,
  type Tx,
} from '@jumun/service-kit';
import { Wallets } from '../store/wallets.ts';
import { chargeRefusal, type ChargeRules } from '../wallet.ts';

/** Charges in one transaction: one lock a wallet, one statement a table. */
const BATCH_SIZE_MAX = 200;
/** Some two seconds of work; whoever comes later hears at once that it is too much. */
const QUEUE_MAX = 2_000;

type Call = wallet.ChargeWalletRequest;
type Result = Outcome<wallet.Charge, refusals.Refusal>;

const codec = {
  encode: (charge: wallet.Charge): string => JSON.stringify(wallet.Charge.toJSON(charge)),
  decode: (stored: string): wallet.Charge => wallet.Charge.fromJSON(JSON.parse(stored)),
};

const charged = (call: Call, transactionId: string, balance: number, version: number): OutMessage => ({
  topic: topicNames.walletEvents,
  key: call.userId,
  id: newId(),
  payload: wallet.WalletCharged.fromPartial({ transactionId, userId: call.userId, amount: call.amount, balance, version }),
  traceparent: childTraceparent(),
});

/** Puts money into wallets. Calls that come together are one transaction; each answer is given after its commit. */
export const openCharges = ({
  db,
  outbox,
  rules,
}: {
  db: Database;
  outbox: Outbox;
  rules: ChargeRules;
}): ((call: Call) => Promise<Result>) => {
  const decide = async (
    tx: Tx,
    calls: readonly FreshCall<Call>[],
    events: OutMessage[],
  ): Promise<(wallet.Charge | { refused: refusals.Refusal })[]> => {
    const wallets = await Wallets.load(
      tx,
      calls.map(({ call }) => call.userId),
      { lock: true },
    );
    const results = calls.map(({ call: { userId, amount }, effectId }, index) => {
      const before = wallets.find(userId);
      if (before === undefined) return { refused: refusal('unauthenticated') };
      const broken = chargeRefusal(before, amount, rules);
      // The kind and its data belong together by type; TypeScript does not follow a union of pairs through a call.
      if (broken !== null) return { refused: refusal(broken.kind, broken.data as never) };
      const { balance, version } = wallets.record({ id: effectId, userId, type: 'CHARGE', amount, causeId: effectId, orderId: null });
      events.push(charged((calls[index] as FreshCall<Call>).call, effectId, balance, version));
      return wallet.Charge.fromPartial({ transactionId: effectId, amount, balance, createdAt: wallets.at });
    });
    await wallets.save(tx);
    if (events.length > 0) void outbox.add(tx, events);
    await faultPoint('charge:written-not-committed');
    return results;
  };

  return batcher<Call, Result>({
    sizeMax: BATCH_SIZE_MAX,
    queueMax: QUEUE_MAX,
    run: async (calls) => {
      let events: OutMessage[] = [];
      const outcomes = await onceEach<Call, wallet.Charge, refusals.Refusal>(db, calls, {
        keyOf: ({ idempotency }) => idempotency,
        run: (tx, fresh) => decide(tx, fresh, (events = [])), // anew for each try of the transaction
        codec,
        reused: refusal('idempotencyKeyReused'),
        inProgress: refusal('idempotencyInProgress'),
      });
      await faultPoint('charge:committed-not-answered');
      outbox.flush(events);
      return outcomes;
    },
  });
};

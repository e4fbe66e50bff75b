import { type InMessage, runParticipant } from '@jumun/messaging';
import { refusalData, topicNames, wallet } from '@jumun/protos';
import { newId, OverloadedError } from '@jumun/service-kit';
import { eventually, lostOnce } from '@jumun/testkit';
import { openDesk } from '@jumun/testkit/desk';
import { auditBooks, chargeRequest, debitCommand, logger, openPurse, type Purse, RULES, rowsOf } from '../../test/purse.ts';
import { walletParticipant } from '../debit/participant.ts';
import { openCharging } from './charge.ts';

let purse: Purse;
beforeAll(async () => {
  purse = await openPurse();
});
afterAll(() => purse.close());
afterEach(() => auditBooks(purse));

const refusalOf = async (outcome: ReturnType<Purse['charge']>): Promise<unknown> => {
  const answer = await outcome;
  return 'refused' in answer ? refusalData(answer.refused) : answer;
};

it('puts money into the wallet, into the ledger, and tells of it', async () => {
  const user = await purse.userWith(0);
  const outcome = await purse.charge(chargeRequest(user, { amount: 30_000 }));
  expect(outcome).toMatchObject({ effect: { amount: 30_000, balance: 30_000 }, replayed: false });
  if (!('effect' in outcome)) throw new Error('refused');
  expect(await rowsOf(purse, 'ledger', user)).toMatchObject([
    {
      id: outcome.effect.transactionId,
      version: 1,
      type: 'CHARGE',
      amount: 30_000,
      balance_after: 30_000,
      cause_id: outcome.effect.transactionId,
    },
  ]);

  const heard: InMessage[] = [];
  const consumer = await purse.bus.consume({
    group: 'listener',
    topics: [topicNames.walletEvents],
    handle: async (batch) => void heard.push(...batch.filter(({ key }) => key === user)),
  });
  const event = (await eventually(() => heard[0])) as InMessage;
  expect(event.payload).toMatchObject({
    $type: 'jumun.wallet.v1.WalletCharged',
    transactionId: outcome.effect.transactionId,
    userId: user,
    amount: 30_000,
    balance: 30_000,
    version: 1,
  });
  await eventually(async () => ((await rowsOf(purse, 'outbox', user))[0] as { sent_at: Date | null }).sent_at !== null);
  await consumer.stop();
});

it('tells nothing of a try that was rolled back, when a rival has taken its key since', async () => {
  const user = await purse.userWith(0);
  const request = chargeRequest(user, { amount: 5_000 });
  const db = lostOnce(purse.db, () => purse.charge(request));
  const charge = openCharging({ db, outbox: purse.outbox, rules: RULES, limits: { batchSizeMax: 7, queueMax: 7 } });
  expect(await charge(request)).toMatchObject({ effect: { balance: 5_000 }, replayed: true });
  await purse.charge(chargeRequest(user, { amount: 1_000 })); // of the same key, so it is heard after whatever was told before

  const heard: InMessage[] = [];
  const last = (): boolean => heard.some(({ payload }) => 'balance' in payload && payload.balance === 6_000);
  const consumer = await purse.bus.consume({
    group: 'listener-of-retries',
    topics: [topicNames.walletEvents],
    handle: async (batch) => void heard.push(...batch.filter(({ key }) => key === user)),
  });
  await eventually(last);
  await consumer.stop();
  expect(heard.map(({ payload }) => payload)).toMatchObject([{ version: 1 }, { version: 2 }]);
});

it('happens once a key, also of fifty at once, also over two instances', async () => {
  const user = await purse.userWith(0);
  const request = chargeRequest(user, { amount: 5_000 });
  const other = openCharging({ db: purse.db, outbox: purse.outbox, rules: RULES, limits: { batchSizeMax: 7, queueMax: 100 } });
  const outcomes = await Promise.all(Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? purse.charge : other)(request)));
  const answers = outcomes.map((outcome) => ('effect' in outcome ? wallet.Charge.toJSON(outcome.effect) : outcome));
  expect(answers).toEqual(Array.from({ length: 50 }, () => answers[0]));
  expect(outcomes.filter((outcome) => 'replayed' in outcome && !outcome.replayed)).toHaveLength(1);
  expect(await purse.balanceOf(user)).toBe(5_000);
  expect(await rowsOf(purse, 'outbox', user)).toHaveLength(1);
});

it('answers a repeated key as it did first, whatever happened since; another body is an error', async () => {
  const user = await purse.userWith(0);
  const first = await purse.charge(chargeRequest(user, { amount: 1_000, key: 'k' }));
  await purse.charge(chargeRequest(user, { amount: 9_000 }));
  const again = await purse.charge(chargeRequest(user, { amount: 1_000, key: 'k' }));
  expect(again).toEqual({ ...first, replayed: true });
  expect(await refusalOf(purse.charge(chargeRequest(user, { amount: 2_000, key: 'k', fingerprint: 'e'.repeat(64) })))).toEqual({
    code: 'IDEMPOTENCY_KEY_REUSED',
  });
  expect(await purse.balanceOf(user)).toBe(10_000);
});

it('keeps nothing of a refusal: the same key is judged afresh', async () => {
  const user = await purse.userWith(10_000_000);
  const request = chargeRequest(user, { key: 'again' });
  const refused = { code: 'BALANCE_LIMIT_EXCEEDED', limit: 10_000_000, balance: 10_000_000 };
  expect(await Promise.all([refusalOf(purse.charge(request)), refusalOf(purse.charge(request))])).toEqual([refused, refused]);
  expect(await rowsOf(purse, 'idempotency', user)).toEqual([]);
  expect(await rowsOf(purse, 'outbox', user)).toEqual([]);
});

it('judges each call of a batch by what those before it left', async () => {
  const [rich, poor, other] = [await purse.userWith(9_999_000), await purse.userWith(0), await purse.userWith(0)];
  const answers = await Promise.all([
    refusalOf(purse.charge(chargeRequest(rich))),
    refusalOf(purse.charge(chargeRequest(rich))),
    refusalOf(purse.charge(chargeRequest(poor, { amount: 1_001 }))),
    refusalOf(purse.charge(chargeRequest(newId()))),
    refusalOf(purse.charge(chargeRequest('nobody'))),
    refusalOf(purse.charge(chargeRequest(other, { amount: 2_000 }))),
  ]);
  expect(answers).toMatchObject([
    { effect: { balance: 10_000_000 } },
    { code: 'BALANCE_LIMIT_EXCEEDED', balance: 10_000_000 },
    { code: 'INVALID_CHARGE_UNIT', unit: 1_000 },
    { code: 'UNAUTHENTICATED' },
    { code: 'UNAUTHENTICATED' },
    { effect: { balance: 2_000 } },
  ]);
});

it('a key that cannot be stored fails alone', async () => {
  const [one, other] = [await purse.userWith(0), await purse.userWith(0)];
  const [bad, good] = await Promise.allSettled([
    purse.charge(chargeRequest(one, { key: 'k'.repeat(256) })),
    purse.charge(chargeRequest(other)),
  ]);
  expect([bad.status, good.status]).toEqual(['rejected', 'fulfilled']);
  const spaced = await Promise.all(['s', 's '].map((key) => purse.charge(chargeRequest(one, { key }))));
  expect(spaced.filter((outcome) => 'replayed' in outcome && !outcome.replayed)).toHaveLength(1);
});

it('refuses at once when too many are waiting', async () => {
  const user = await purse.userWith(0);
  const charge = openCharging({ db: purse.db, outbox: purse.outbox, rules: RULES, limits: { batchSizeMax: 1, queueMax: 2 } });
  const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => charge(chargeRequest(user))));
  expect(outcomes.filter(({ status }) => status === 'rejected').map((each) => (each as PromiseRejectedResult).reason as unknown)).toEqual(
    Array.from({ length: 3 }, () => expect.any(OverloadedError)),
  );
  expect(await purse.balanceOf(user)).toBe(2_000);
});

it('races debits of the same wallet, and every won is accounted for', async () => {
  const consumer = await runParticipant({
    bus: purse.bus,
    db: purse.db,
    logger,
    group: 'racing',
    topic: topicNames.walletCommands,
    repliesTopic: topicNames.orderReplies,
    participant: walletParticipant,
    batchSizeMax: 5,
  });
  const desk = await openDesk(purse.bus, topicNames.orderReplies);
  const user = await purse.userWith(100_000);
  const debits = Array.from({ length: 60 }, () => debitCommand(user, 3_000));
  const sending = desk.send(debits);
  const charges = Array.from({ length: 40 }, async (_, index) => {
    await new Promise((resolve) => setTimeout(resolve, index * 5));
    return purse.charge(chargeRequest(user, { amount: 1_000 }));
  });
  await Promise.all([sending, ...charges]);
  const replies = await Promise.all(debits.map(async ({ id }) => (await desk.replies(id))[0]));
  const paid = replies.filter((reply) => reply?.$type === 'jumun.wallet.v1.WalletDebited').length;
  expect(await purse.balanceOf(user)).toBe(100_000 + 40_000 - paid * 3_000);
  expect(paid).toBeGreaterThanOrEqual(33); // what the first balance pays for by itself
  await desk.close();
  await consumer.stop();
});

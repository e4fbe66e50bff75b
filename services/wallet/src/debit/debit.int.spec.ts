import { type Consumer, type Payload, runParticipant } from '@jumun/messaging';
import { topicNames } from '@jumun/protos';
import { newId } from '@jumun/service-kit';
import { type Desk, openDesk } from '@jumun/testkit/desk';
import { auditBooks, debitCommand, logger, openPurse, type Purse, rowsOf } from '../../test/purse.ts';
import { walletParticipant } from './participant.ts';

let purse: Purse;
let desk: Desk;
let consumers: Consumer[];
beforeAll(async () => {
  purse = await openPurse();
  desk = await openDesk(purse.bus, topicNames.orderReplies);
  const { bus, db } = purse;
  const options = {
    bus,
    db,
    logger,
    group: 'wallet',
    topic: topicNames.walletCommands,
    repliesTopic: topicNames.orderReplies,
    participant: walletParticipant,
  };
  // Two instances, as in production.
  consumers = [await runParticipant(options), await runParticipant(options)];
});
afterAll(async () => {
  for (const consumer of consumers) await consumer.stop();
  await desk.close();
  await purse.close();
});
afterEach(() => auditBooks(purse));

it('pays an order', async () => {
  const user = await purse.userWith(10_000);
  const orderId = newId();
  expect(await desk.ask(debitCommand(user, 4_000, orderId))).toMatchObject({
    $type: 'jumun.wallet.v1.WalletDebited',
    balance: 6_000,
    paidAt: expect.any(Date),
  });
  expect(await rowsOf(purse, 'ledger', user)).toContainEqual(
    expect.objectContaining({ type: 'PAYMENT', amount: -4_000, balance_after: 6_000, cause_id: orderId, order_id: orderId, version: 2 }),
  );
});

it('says what is missing and changes nothing, also to somebody it does not know', async () => {
  const user = await purse.userWith(1_000);
  const $type = 'jumun.refusals.v1.InsufficientBalance';
  expect(await desk.ask(debitCommand(user, 4_000))).toEqual({ $type, balance: 1_000, required: 4_000, shortBy: 3_000 });
  expect(await desk.ask(debitCommand(newId(), 1))).toEqual({ $type, balance: 0, required: 1, shortBy: 1 });
  expect(await desk.ask(debitCommand('한글', 1))).toEqual({ $type, balance: 0, required: 1, shortBy: 1 });
  expect(await rowsOf(purse, 'ledger', user)).toHaveLength(1);
});

it('of nothing is paid without an entry', async () => {
  const user = await purse.userWith(0);
  expect(await desk.ask(debitCommand(user, 0))).toMatchObject({ $type: 'jumun.wallet.v1.WalletDebited', balance: 0 });
  expect(await rowsOf(purse, 'ledger', user)).toEqual([]);
});

it('of ten on a wallet for two, two succeed', async () => {
  const user = await purse.userWith(2_500);
  // Different keys, so that different partitions and instances have them at once.
  const commands = Array.from({ length: 10 }, (_, index) => ({ ...debitCommand(user, 1_000), key: String(index) }));
  await desk.send(commands);
  const replies = await Promise.all(commands.map(async ({ id }) => (await desk.replies(id))[0] as Payload));
  expect(replies.filter(({ $type }) => $type === 'jumun.wallet.v1.WalletDebited')).toHaveLength(2);
  expect(replies.filter(({ $type }) => $type === 'jumun.refusals.v1.InsufficientBalance')).toHaveLength(8);
  expect(await purse.balanceOf(user)).toBe(500);
});

it('delivered again is answered the same, and happens once', async () => {
  const user = await purse.userWith(10_000);
  const command = debitCommand(user, 3_000);
  await desk.send([command, command]);
  await desk.send([command]);
  const replies = await desk.replies(command.id, 3);
  expect(replies).toEqual([replies[0], replies[0], replies[0]]);
  expect(await purse.balanceOf(user)).toBe(7_000);
  expect(await rowsOf(purse, 'ledger', user)).toHaveLength(2);
});

it('of an order that is paid already fails, under whatever command id', async () => {
  const user = await purse.userWith(10_000);
  const orderId = newId();
  await desk.ask(debitCommand(user, 3_000, orderId, 1));
  const neighbour = await purse.userWith(10_000);
  const second = debitCommand(user, 3_000, orderId, 2);
  const innocent = debitCommand(neighbour, 1_000);
  await desk.send([second, innocent]);
  expect((await desk.replies(second.id))[0]).toMatchObject({ $type: 'jumun.common.v1.CommandFailed' });
  expect((await desk.replies(innocent.id))[0]).toMatchObject({ balance: 9_000 });
  expect(await purse.balanceOf(user)).toBe(7_000);
});

it('leaves the books right under many at once on few wallets', async () => {
  const users = await Promise.all([purse.userWith(50_000), purse.userWith(50_000), purse.userWith(50_000)]);
  const commands = Array.from({ length: 300 }, (_, index) => ({ ...debitCommand(users[index % 3] as string, 1_000), key: String(index) }));
  await desk.send(commands);
  const replies = await Promise.all(commands.map(async ({ id }) => (await desk.replies(id))[0] as Payload));
  expect(replies.filter(({ $type }) => $type === 'jumun.wallet.v1.WalletDebited')).toHaveLength(150);
  expect(await Promise.all(users.map(purse.balanceOf))).toEqual([0, 0, 0]);
});

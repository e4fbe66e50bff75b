import { fileURLToPath } from 'node:url';
import { type Consumer, type InMessage, openBus } from '@jumun/messaging';
import { inventory, orders, topicNames, topics } from '@jumun/protos';
import { defaultPace } from '@jumun/saga';
import { createLogger, newId } from '@jumun/service-kit';
import { eventually, type FreshDatabase, freshDatabase, freshPrefix, infrastructure } from '@jumun/testkit';
import { openAccepting } from '../accept/accept.ts';
import { readOrders } from '../store/orders.ts';
import { readTimeline } from '../store/timeline.ts';
import { openWaiters, type Waiters } from '../wait/waiters.ts';
import { openCommands } from './commands.ts';
import { openEvents, type Events } from './events.ts';
import { openPost } from './post.ts';
import { openProgress } from './progress.ts';
import { consumeReplies } from './replies.ts';
import { openTraces } from './traces.ts';

const migrations = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));
const logger = createLogger('orders', 'silent');
const PARENT = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;

/** Replies are sent by hand: what the saga asks for is read from its topics. */
let database: FreshDatabase;
let bus: ReturnType<typeof openBus>;
let replies: Consumer;
let listening: Consumer[];
let waiters: Waiters;
let events: Events;
let accept: (call: Partial<orders.PlaceOrder>) => Promise<string>;
let sweep: () => Promise<unknown>;
const heard: InMessage[] = [];
const userId = newId();

beforeAll(async () => {
  database = await freshDatabase(migrations);
  const { kafkaBrokers } = await infrastructure();
  bus = openBus({ brokers: kafkaBrokers, clientId: 'orders', topicPrefix: freshPrefix(), logger });
  await bus.createTopics(topics);
  const { db } = database;
  const traces = openTraces();
  const post = openPost(bus);
  waiters = openWaiters(db);
  events = openEvents({ post, db, traces, logger });
  const toMessages = openCommands(() => replies, traces);
  const pace = { ...defaultPace, askAgainMs: 300 };
  const runner = openProgress({ db, post, toMessages, events, waiters, traces, logger, pace });
  sweep = () => runner.sweep();
  replies = await consumeReplies({ bus, runner, traces, logger, sessionTimeoutMs: 6_000 });
  const listen = (group: string, topic: string) =>
    bus.consume({ group, topics: [topic], handle: (batch) => Promise.resolve(void heard.push(...batch)) });
  const { inventoryCommands, orderEvents, orderReplies } = topicNames;
  listening = await Promise.all([
    listen('inventory', inventoryCommands),
    listen('listener', orderEvents),
    listen('dead', `${orderReplies}.dlq`),
  ]);
  const accepting = openAccepting({
    db,
    pace,
    accepted: (sagas) => runner.accepted(sagas),
    quote: (calls) =>
      Promise.resolve(
        calls.map(() => ({
          lines: [{ productId: newId(), optionId: newId(), name: 'Tea', unitPrice: 1, quantity: 1, discountShare: 0 }],
          subtotal: 1,
          discount: 0,
          total: 1,
        })),
      ),
    send: (messages, calls) => {
      for (const [id, { traceparent }] of calls) traces.keep(id, traceparent);
      void post(toMessages(messages));
    },
  });
  accept = async (call) => {
    const [accepted] = await accepting([orders.PlaceOrder.fromPartial({ userId, ...call })]);
    if (accepted === undefined || 'refused' in accepted) throw new Error('refused');
    return accepted.orderId;
  };
  await eventually(() => replies.ownedPartitions(orderReplies).length > 0, { withinMs: 60_000 });
});

afterAll(async () => {
  await Promise.all([replies, ...listening].map((consumer) => consumer.stop()));
  waiters.stop();
  await events.stop();
  await bus.close();
  await database.drop();
});

const command = (id: string) => eventually(() => heard.find((message) => message.id === id), { withinMs: 30_000 });
const answer = (commandId: string, payload: { $type: string }) =>
  bus.send([
    { topic: topicNames.orderReplies, key: commandId, id: `${commandId}/reply`, payload, headers: { jumun_command_id: commandId } },
  ]);

it('asks with the hint of a partition that it reads, in the trace of the call', async () => {
  const id = await accept({ traceparent: PARENT });
  const asked = await command(`${id}/reserve.stock/1`);
  expect(asked).toMatchObject({ key: id, payload: { $type: 'jumun.inventory.v1.ReserveStock', orderId: id }, traceparent: PARENT });
  expect(replies.ownedPartitions(topicNames.orderReplies)).toContain(Number(asked?.headers['jumun_reply_partition']));
});

it('asks again, the same, after silence', async () => {
  const id = await accept({});
  const same = () => heard.filter((message) => message.id === `${id}/reserve.stock/1`);
  await eventually(
    async () => {
      await sweep();
      return same().length >= 2;
    },
    { withinMs: 30_000 },
  );
  const [first, second] = same();
  expect(second).toMatchObject({ payload: first?.payload, time: first?.time });
});

it('a refusal cancels the order, answers who waits, and tells it once, whatever comes late or twice', async () => {
  const id = await accept({});
  const waited = waiters.wait(id, 60_000);
  const commandId = `${id}/reserve.stock/1`;
  await command(commandId);
  const productNotOnSale = { $type: 'jumun.refusals.v1.ProductNotOnSale', productId: 'p' };
  await answer(commandId, productNotOnSale);
  await answer(commandId, productNotOnSale);
  const { order, ended } = await waited;
  expect(order).toEqual((await readOrders(database.db, [id])).get(id));
  expect({ order, ended }).toMatchObject({
    ended: true,
    order: { status: 'ORDER_STATUS_CANCELLED', reason: { kind: { $case: 'productNotOnSale', productNotOnSale: { productId: 'p' } } } },
  });
  await answer(commandId, inventory.StockReserved.fromPartial({}));
  const event = await command(id);
  expect(event).toMatchObject({ type: 'jumun.orders.v1.OrderCancelled', payload: { order: { id }, version: 2 } });
  await eventually(async () => (await database.db.query('SELECT id FROM sagas WHERE id = ? AND event_sent_at IS NULL', [id])).length === 0);
  const kinds = (await readTimeline(database.db, id)).map(({ kind }) => kind);
  expect(kinds).toEqual(['PENDING', 'VALIDATING', 'ProductNotOnSale', 'CANCELLED']);
});

it('what nobody asked for becomes a dead letter, and the partition moves on', async () => {
  const commandId = `${newId()}/reserve.stock/1`;
  await answer(commandId, inventory.StockReserved.fromPartial({}));
  const dead = await command(`${commandId}/reply`);
  expect(dead).toMatchObject({ topic: 'jumun.orders.replies.v1.dlq', headers: { dlq_group: 'order-orchestrator' } });
  expect(dead?.headers['dlq_error']).toContain('no saga has asked for this');
});

import { fileURLToPath } from 'node:url';
import { messageTypeRegistry, type orders, refusal } from '@jumun/protos';
import { advance, begin, defaultPace, endOf, type Progress, type SagaChange, StaleSagaError } from '@jumun/saga';
import { createLogger, type Database, newId, TransientError } from '@jumun/service-kit';
import { type FreshDatabase, freshDatabase } from '@jumun/testkit';
import { callsOf, cheapQuote } from '../../test/calls.ts';
import { type AcceptParts, openAccepting } from '../accept/accept.ts';
import { openPlacing } from '../accept/place.ts';
import type { PlacedOrder } from '../order.ts';
import { finalEvent } from '../order-message.ts';
import { placeOrder } from '../place-order.ts';
import { openWaiters } from '../wait/waiters.ts';
import { insertAccepted } from './accepted.ts';
import { MARK_SENT, UNSENT_EVENTS } from './final-events.ts';
import { CANCEL_ORDERS, cancelledOrder, COMPLETE_ORDERS, completedOrder } from './order-rows.ts';
import { ENDED_AMONG, LIST_OPEN, READ_LINES, READ_ORDERS, readOrders } from './orders.ts';
import { COUNT_OPEN, COUNT_PARKED } from './saga-counts.ts';
import { frozenEvent, thawedEvent } from './saga-rows.ts';
import { DUE_SAGAS, LOCK_SAGAS, PUT_OFF, sagaStore } from './saga-store.ts';
import { READ_TIMELINE } from './timeline.ts';

const migrations = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));
const NAME = 'Tea "green" \\ 녹차 ’n’ 🍵';
const ORDERS = 1_000;
const userId = newId();

let database: FreshDatabase;
let sagas: Progress<PlacedOrder>[];

const orderOf = (id: string): PlacedOrder => ({
  id,
  userId,
  lines: [{ productId: newId(), optionId: newId(), name: NAME, unitPrice: 1_000, quantity: 2, discountShare: 0 }],
  subtotal: 2_000,
  discount: 0,
  total: 2_000,
  createdAt: Date.now(),
});
const begun = (): Progress<PlacedOrder> => {
  const order = orderOf(newId());
  return begin(placeOrder, order.id, order, order.createdAt).progress;
};
const outOfStock = (saga: Progress<PlacedOrder>) => ({
  $type: 'jumun.refusals.v1.OutOfStock',
  shortages: [{ $type: 'jumun.refusals.v1.Shortage', ...saga.data.lines[0], requested: 2, available: 1 }],
});
/** What a refusal of the stock makes of a saga. */
const refusedChange = (saga: Progress<PlacedOrder>, rowVersion = 1): SagaChange => {
  const input = { kind: 'reply', commandId: `${saga.id}/reserve.stock/1`, reply: outOfStock(saga) } as const;
  const { progress, timeline } = advance(placeOrder, saga, input, saga.data.createdAt + 20);
  return { id: saga.id, rowVersion, before: saga, after: progress, timeline, end: endOf(placeOrder, progress) };
};

beforeAll(async () => {
  database = await freshDatabase(migrations);
  sagas = Array.from({ length: ORDERS }, begun);
  await database.db.transaction((tx) => insertAccepted(tx, sagas));
  await database.db.query('ANALYZE TABLE orders, order_lines, sagas');
});
afterAll(() => database.drop());

describe('a saga', () => {
  const store = () => sagaStore({ db: database.db, eventResendMs: 1_000 });

  it('comes back as it was stored', async () => {
    const some = sagas.slice(0, 3).map(({ id }) => id);
    const { sagas: locked, now } = await store().transaction((tx) => store().lock(tx, some));
    expect(locked.map(({ progress }) => progress)).toEqual(JSON.parse(JSON.stringify(sagas.slice(0, 3))));
    expect(Math.abs(now - Date.now())).toBeLessThan(60_000);
  });

  it('is written with its order and its history, or not at all when it has moved meanwhile', async () => {
    const [first, second] = sagas.slice(10, 12) as [Progress<PlacedOrder>, Progress<PlacedOrder>];
    const save = (changes: SagaChange[]) => store().transaction((tx) => store().save(tx, changes));
    await expect(save([refusedChange(first), refusedChange(second, 7)])).rejects.toThrow(StaleSagaError);
    expect((await readOrders(database.db, [first.id])).get(first.id)).toMatchObject({ status: 'ORDER_STATUS_VALIDATING' });
    await save([refusedChange(first)]);
    expect((await readOrders(database.db, [first.id])).get(first.id)).toMatchObject({
      status: 'ORDER_STATUS_CANCELLED',
      paymentStatus: 'PAYMENT_STATUS_FAILED',
      lines: [{ name: NAME }],
      reason: { kind: { $case: 'outOfStock', outOfStock: { shortages: [{ requested: 2, available: 1 }] } } },
    });
    await expect(save([refusedChange(first)])).rejects.toThrow(StaleSagaError);
    const [row] = await database.db.query<{ version: number; outcome: string; type: string; payload: string }>(
      'SELECT version, outcome, event_type AS type, event_payload AS payload FROM sagas WHERE id = ?',
      [first.id],
    );
    expect(row).toMatchObject({ version: 2, outcome: 'REFUSED', type: 'jumun.orders.v1.OrderCancelled' });
    // The event that the sweep would send is the one that was sent, byte for byte.
    const codec = messageTypeRegistry.get('jumun.orders.v1.OrderCancelled');
    const bytes = (event: unknown) => Buffer.from(codec?.encode(event as never).finish() ?? []).toString('hex');
    const sent = finalEvent(refusedChange(first));
    expect(sent).toMatchObject({ version: row?.version });
    expect(bytes(thawedEvent(row?.type ?? '', row?.payload ?? ''))).toBe(bytes(sent));
    expect(Buffer.from(frozenEvent(sent as never), 'base64').toString('hex')).toBe(bytes(sent));
  });
});

describe('the sweep', () => {
  const [A_MINUTE_AGO, IN_A_MINUTE] = [-60_000, 60_000];
  const reserved = (saga: Progress<PlacedOrder>): SagaChange => {
    const input = { kind: 'reply', commandId: `${saga.id}/reserve.stock/1`, reply: { $type: 'jumun.inventory.v1.StockReserved' } } as const;
    const { progress, timeline } = advance(placeOrder, saga, input, saga.data.createdAt + 20);
    return { id: saga.id, rowVersion: 1, before: saga, after: progress, timeline, end: null };
  };
  const dueAt = async (id: string): Promise<number> => {
    const [row] = await database.db.query<{ nextAt: Date }>('SELECT next_at AS nextAt FROM sagas WHERE id = ?', [id]);
    return Number(row?.nextAt.getTime());
  };
  /** As if the sweep's look, and the time that its own state names, were so far from now. */
  const set = (id: string, look: number, own: number) =>
    database.db.execute("UPDATE sagas SET next_at = FROM_UNIXTIME(? / 1000), progress = JSON_SET(progress, '$.nextAt', ?) WHERE id = ?", [
      Date.now() + look,
      Date.now() + own,
      id,
    ]);

  it('is told nothing by a move, and puts off what has moved when it looks', async () => {
    const store = sagaStore({ db: database.db, eventResendMs: 1_000 });
    const [moved, due] = sagas.slice(20, 22) as [Progress<PlacedOrder>, Progress<PlacedOrder>];
    const change = reserved(moved);
    await store.transaction((tx) => store.save(tx, [change]));
    expect(await dueAt(moved.id)).toBe(moved.nextAt);
    expect(change.after.nextAt).toBe(Number(moved.nextAt) + 20);

    await set(moved.id, A_MINUTE_AGO, IN_A_MINUTE);
    await set(due.id, A_MINUTE_AGO, A_MINUTE_AGO);
    expect(await store.due(1)).toEqual([due.id]);
    expect(Math.abs((await dueAt(moved.id)) - Date.now() - IN_A_MINUTE)).toBeLessThan(30_000);
    await set(due.id, IN_A_MINUTE, IN_A_MINUTE);
  });

  it('is told of an end that it would otherwise come upon before the event can be out', async () => {
    const store = sagaStore({ db: database.db, eventResendMs: 20_000 });
    const [late, soon] = sagas.slice(24, 26) as [Progress<PlacedOrder>, Progress<PlacedOrder>];
    const changes = [refusedChange(late), refusedChange(soon)];
    const endedAt = Number(changes[0]?.end?.endedAt);
    const look = (id: string, at: number) =>
      database.db.execute('UPDATE sagas SET next_at = FROM_UNIXTIME(? / 1000) WHERE id = ?', [at, id]);
    await Promise.all([look(late.id, endedAt + 9_000), look(soon.id, endedAt + 11_000)]);
    await store.transaction((tx) => store.save(tx, changes));
    expect((await Promise.all([late, soon].map(({ id }) => dueAt(id)))).map((at) => at - endedAt)).toEqual([20_000, 11_000]);
  });

  it('is told at once of a saga that is due earlier than it was, or again', async () => {
    const store = sagaStore({ db: database.db, eventResendMs: 1_000 });
    const [sooner, again] = sagas.slice(22, 24) as [Progress<PlacedOrder>, Progress<PlacedOrder>];
    await set(sooner.id, 2 * IN_A_MINUTE, 2 * IN_A_MINUTE);
    await database.db.execute('UPDATE sagas SET next_at = NULL WHERE id = ?', [again.id]);
    const changes = [reserved(sooner), reserved(again)];
    await store.transaction((tx) => store.save(tx, changes));
    expect(await Promise.all([sooner, again].map(({ id }) => dueAt(id)))).toEqual(changes.map(({ after }) => after.nextAt));
  });
});

describe('acceptance', () => {
  const quote = () => cheapQuote(NAME);
  const call = callsOf(userId);
  const open = (given: Partial<AcceptParts> = {}) => {
    const sent: string[] = [];
    const parts: AcceptParts = {
      db: database.db,
      pace: defaultPace,
      quote: (calls) => Promise.resolve(calls.map(quote)),
      send: (messages) => void sent.push(...messages.map(({ commandId }) => commandId)),
      ...given,
    };
    const accept = openAccepting(parts);
    return { sent, accept: (...calls: orders.PlaceOrder[]) => accept(calls) };
  };

  it('makes one order of twins, one of each call without a key, and refuses another body', async () => {
    const { accept, sent } = open();
    const key = newId();
    const [first, twin, other, ...keyless] = await accept(call(key), call(key), call(key, 'b'), call(''), call(''));
    expect(first).toMatchObject({ replayed: false });
    expect(twin).toEqual({ ...first, replayed: true });
    expect(other).toEqual({ refused: refusal('idempotencyKeyReused') });
    expect(new Set([first, ...keyless].map((each) => each !== undefined && 'orderId' in each && each.orderId)).size).toBe(3);
    expect(sent).toHaveLength(3);
    expect(await accept(call(key), call(key, 'b'))).toEqual([{ ...first, replayed: true }, other]);
    expect(sent).toHaveLength(3);
  });

  it('takes no key that its columns would cut or change: no order could be told from another by it', async () => {
    const waiters = openWaiters(database.db);
    const sent: unknown[] = [];
    const place = openPlacing({
      db: database.db,
      pace: defaultPace,
      waiters,
      logger: createLogger('test', 'silent'),
      quote: (calls) => Promise.resolve(calls.map(quote)),
      send: (messages) => void sent.push(messages),
    });
    const [long, korean, good] = await Promise.all([call('k'.repeat(256)), call('키'), call(newId())].map(place));
    for (const each of [long, korean]) expect(each?.outcome).toEqual({ $case: 'refused', refused: refusal('internal') });
    expect(good?.outcome?.$case).toBe('accepted');
    expect(sent).toHaveLength(1);
    waiters.stop();
  });

  it('writes nothing for what the quote refuses, and does not use up its key', async () => {
    const key = newId();
    const refused = refusal('couponExpired');
    const hopeless = open({ quote: (calls) => Promise.resolve(calls.map(() => ({ refused }))) });
    expect(await hopeless.accept(call(key), call(key), call(key, 'b'))).toEqual([
      { refused },
      { refused },
      { refused: refusal('idempotencyInProgress') },
    ]);
    expect(await open().accept(call(key))).toMatchObject([{ replayed: false }]);
  });

  it('gives a call the order that its key has placed, though a new one would be refused by then, or could not be judged', async () => {
    const key = newId();
    const rival = open();
    const placed: unknown[] = [];
    const overtaken = open({
      quote: async (calls) => {
        placed.push(...(await rival.accept(call(key))));
        return calls.map(() => ({ refused: refusal('couponAlreadyUsed') }));
      },
    });
    const [late, other, refused] = await overtaken.accept(call(key), call(key, 'b'), call(newId()));
    expect(placed).toMatchObject([{ replayed: false }]);
    expect(late).toEqual({ ...(placed[0] as object), replayed: true });
    expect(other).toEqual({ refused: refusal('idempotencyKeyReused') });
    expect(refused).toEqual({ refused: refusal('couponAlreadyUsed') });
    const otherFirst = await open().accept(call(key, 'b'), call(key));
    expect(otherFirst).toEqual([other, late]);

    const waiters = openWaiters(database.db);
    const place = openPlacing({
      db: database.db,
      pace: defaultPace,
      waiters,
      logger: createLogger('test', 'silent'),
      quote: () => Promise.reject(new TransientError('nobody is there')),
      send: () => {},
    });
    const [again, unheard] = await Promise.all([call(key), call(newId())].map(place));
    expect(again).toMatchObject({
      outcome: { $case: 'accepted', accepted: { id: (placed[0] as { orderId: string }).orderId } },
      replayed: true,
    });
    expect(unheard?.outcome).toEqual({ $case: 'refused', refused: refusal('unavailable') });
    waiters.stop();
  });

  it('asks again for a quote that has grown old', async () => {
    let now = 0;
    let asked = 0;
    const slow = open({
      clock: () => now,
      quote: (calls) => {
        now += ++asked === 1 ? 2_001 : 2_000;
        return Promise.resolve(calls.map(quote));
      },
    });
    expect(await slow.accept(call(newId()))).toMatchObject([{ replayed: false }]);
    expect(asked).toBe(2);
  });

  it('gives up, and leaves nothing, when every quote grows old while it waits for the database', async () => {
    const key = newId();
    let now = 0;
    const transaction: Database['transaction'] = async (work) => {
      now += 2_001;
      return database.db.transaction(work);
    };
    const stuck = open({ clock: () => now, db: { ...database.db, transaction } });
    await expect(stuck.accept(call(key))).rejects.toThrow('too late for a quote (2000 ms)');
    expect(await database.db.query('SELECT 1 FROM idempotency WHERE idempotency_key = ?', [key])).toEqual([]);
  });
});

describe('the plan of every hot statement', () => {
  interface Line {
    readonly table: string;
    readonly type: string;
    readonly key: string | null;
    readonly Extra: string | null;
  }
  const some = () => sagas.slice(100, 120).map(({ id }) => id);
  const changes = () => sagas.slice(100, 120).map((saga) => refusedChange(saga));
  const newest = new Date();

  it.each<[string, string, () => unknown[], string, string, string]>([
    ['lock sagas', LOCK_SAGAS, () => [some()], 'sagas', 'range', 'PRIMARY'],
    ['complete orders', COMPLETE_ORDERS, () => [JSON.stringify(changes().map(completedOrder))], 'o', 'eq_ref', 'PRIMARY'],
    ['cancel orders', CANCEL_ORDERS, () => [JSON.stringify(changes().map(cancelledOrder))], 'o', 'eq_ref', 'PRIMARY'],
    ['due sagas', DUE_SAGAS, () => [200], 'sagas', 'range', 'sagas_due'],
    ['what has moved since', PUT_OFF, () => [some()], 'sagas', 'range', 'PRIMARY'],
    ['a history', READ_TIMELINE, () => some().slice(0, 1), 'sagas', 'const', 'PRIMARY'],
    ['unsent events', UNSENT_EVENTS, () => [], 'sagas', 'range', 'sagas_due'],
    ['mark events', MARK_SENT, () => [some()], 'sagas', 'range', 'PRIMARY'],
    ['answers', READ_ORDERS, () => [some()], 'o', 'range', 'PRIMARY'],
    ['where open ones stand', READ_ORDERS, () => [some()], 's', 'eq_ref', 'PRIMARY'],
    ['open ones of a user', LIST_OPEN, () => [userId, newest, newest, '', ['pay'], 21], 'o', 'range', 'orders_user'],
    ['… and where they stand', LIST_OPEN, () => [userId, newest, newest, '', ['pay'], 21], 's', 'eq_ref', 'PRIMARY'],
    ['lines of answers', READ_LINES, () => [some()], 'order_lines', 'range', 'PRIMARY'],
    ['ended ones', ENDED_AMONG, () => [some()], 'o', 'range', 'PRIMARY'],
    ['open sagas', COUNT_OPEN, () => [], 'sagas', 'range', 'sagas_due'],
    ['parked sagas', COUNT_PARKED, () => [], 'sagas', 'ref', 'sagas_due'],
  ])('%s', async (_, sql, params, table, type, key) => {
    const plan = await database.db.query<Line>(`EXPLAIN FORMAT = TRADITIONAL ${sql}`, params());
    const line = plan.find((each) => each.table === table);
    expect(line).toMatchObject({ type, key });
    // Counting by state sorts its two lines.
    expect(sql === COUNT_OPEN || !plan.some(({ Extra }) => Extra?.includes('filesort'))).toBe(true);
  });
});

import { fileURLToPath } from 'node:url';
import { coupon, inventory, wallet } from '@jumun/protos';
import { begin, type Progress, sagaRunner, type SagaInput } from '@jumun/saga';
import { type Database, newId, type Tx } from '@jumun/service-kit';
import { type FreshDatabase, freshDatabase } from '@jumun/testkit';
import type { PlacedOrder } from '../order.ts';
import { definitions, placeOrder } from '../place-order.ts';
import { insertAccepted } from './accepted.ts';
import { readOrders } from './orders.ts';
import { LOCK_SAGAS, sagaStore } from './saga-store.ts';
import { readTimeline } from './timeline.ts';

const migrations = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

let database: FreshDatabase;
beforeAll(async () => {
  database = await freshDatabase(migrations);
});
afterAll(() => database.drop());

/** An instance with a memory of its own, which ids it has locked to read them, and which ends it has told. */
const openInstance = () => {
  const locked: string[] = [];
  const ended: string[] = [];
  const watched = (tx: Tx): Tx => ({
    ...tx,
    query: (sql, params) => {
      if (sql === LOCK_SAGAS) locked.push(...(params?.[0] as string[]));
      return tx.query(sql, params);
    },
  });
  const db: Database = { ...database.db, transaction: (work) => database.db.transaction((tx) => work(watched(tx))) };
  const runner = sagaRunner({
    store: sagaStore({ db, eventResendMs: 1_000 }),
    definitions,
    send: () => Promise.resolve(),
    committed: (changes) => void ended.push(...changes.filter(({ end }) => end !== null).map(({ id }) => id)),
  });
  return { runner, locked, ended };
};

const accept = async (count: number): Promise<Progress<PlacedOrder>[]> => {
  const sagas = Array.from({ length: count }, () => {
    const id = newId();
    const line = { productId: newId(), optionId: newId(), name: 'Tea', unitPrice: 1_000, quantity: 2, discountShare: 0 };
    const placed = { id, userId: newId(), lines: [line], subtotal: 2_000, discount: 0, total: 2_000, couponId: newId() };
    const createdAt = Date.now();
    return begin(placeOrder, id, { ...placed, createdAt }, createdAt).progress;
  });
  await database.db.transaction((tx) => insertAccepted(tx, sagas));
  return sagas;
};

const reply =
  (step: string, answer: { readonly $type: string }) =>
  ({ id }: { readonly id: string }): SagaInput => ({ sagaId: id, input: { kind: 'reply', commandId: `${id}/${step}/1`, reply: answer } });
const stockReserved = reply('reserve.stock', inventory.StockReserved.fromPartial({}));
const couponHeld = reply('reserve.coupon', coupon.CouponHeld.fromPartial({}));
const debited = reply('pay', wallet.WalletDebited.fromPartial({ paidAt: new Date(1_800_000_000_000) }));
const stockCommitted = reply('commit.stock', inventory.StockCommitted.fromPartial({}));
const couponUsed = reply('commit.coupon', coupon.CouponUsed.fromPartial({}));

const rowOf = async (id: string) => {
  const [row] = await database.db.query<{ version: number; outcome: string | null; progress: string; data: string }>(
    'SELECT version, outcome, progress, data FROM sagas WHERE id = ?',
    [id],
  );
  return row;
};

it('an instance takes the orders that it has accepted to their end, and reads none of them', async () => {
  const sagas = await accept(20);
  const { runner, locked, ended } = openInstance();
  runner.accepted(sagas);
  for (const next of [stockReserved, couponHeld, debited, stockCommitted, couponUsed]) await runner.advance(sagas.map(next));
  expect(locked).toEqual([]);
  expect(ended.sort()).toEqual(sagas.map(({ id }) => id).sort());
  const [first] = sagas as [Progress<PlacedOrder>];
  expect(await rowOf(first.id)).toMatchObject({ version: 6, outcome: 'COMPLETED' });
  expect((await readOrders(database.db, [first.id])).get(first.id)).toMatchObject({
    status: 'ORDER_STATUS_COMPLETED',
    paidAt: new Date(1_800_000_000_000),
  });
  const history = (await readTimeline(database.db, first.id)).map(({ kind }) => kind);
  const answers = ['StockReserved', 'CouponHeld', 'PROCESSING', 'WalletDebited', 'StockCommitted', 'CouponUsed', 'COMPLETED'];
  expect(history).toEqual(['PENDING', 'VALIDATING', ...answers]);
});

it('what another has moved since is moved on from there, and no reply is lost that only the other has asked for', async () => {
  const [one, two] = (await accept(2)) as [Progress<PlacedOrder>, Progress<PlacedOrder>];
  const [a, b] = [openInstance(), openInstance()];
  a.runner.accepted([one, two]);
  await b.runner.advance([stockReserved(one), couponHeld(one)]);
  expect(await a.runner.advance([couponHeld(one), stockReserved(two)])).toMatchObject([{ verdict: 'stale' }, { verdict: 'applied' }]);
  expect(await rowOf(two.id)).toMatchObject({ version: 2 });
  await a.runner.advance([couponHeld(two)]);
  await b.runner.advance([stockReserved(two), debited(two)]);
  // A remembers that it waits for the wallet.
  expect(await a.runner.advance([debited(two)])).toMatchObject([{ verdict: 'stale' }]);
  expect(await a.runner.advance([debited(one)])).toMatchObject([{ verdict: 'applied' }]);
  expect(await a.runner.advance([stockCommitted(one), couponUsed(one)])).toMatchObject([{ verdict: 'applied' }, { verdict: 'applied' }]);
  expect(await a.runner.advance([couponUsed(two), stockCommitted(two)])).toMatchObject([{ verdict: 'applied' }, { verdict: 'applied' }]);
  for (const { id } of [one, two]) expect(await rowOf(id)).toMatchObject({ outcome: 'COMPLETED' });
});

it('two that decide at once on the same version move each saga by each reply exactly once', async () => {
  const sagas = await accept(60);
  const backwards = sagas.toReversed();
  const [a, b] = [openInstance(), openInstance()];
  // Both take themselves for the last to have written them, so all that either knows is wrong half of the time.
  for (const { runner } of [a, b]) runner.accepted(sagas);
  const both = (ofA: SagaInput[], ofB: SagaInput[]) => Promise.all([a.runner.advance(ofA), b.runner.advance(ofB)]);
  await both(sagas.map(stockReserved), backwards.map(couponHeld));
  const twice = await both(sagas.map(debited), backwards.map(debited));
  await both([...sagas.map(couponUsed), ...sagas.map(stockCommitted)], backwards.map(stockCommitted));
  expect(twice.flat().filter(({ verdict }) => verdict === 'applied')).toHaveLength(60);
  expect(twice.flat().filter(({ verdict }) => verdict === 'stale')).toHaveLength(60);
  // Who lost has looked again.
  expect([...a.locked, ...b.locked].length).toBeGreaterThanOrEqual(60);
  const rows = await Promise.all(sagas.map(({ id }) => rowOf(id)));
  for (const row of rows) {
    expect(row).toMatchObject({ outcome: 'COMPLETED' });
    expect(JSON.parse(row?.data ?? '')).toMatchObject({ paidAt: 1_800_000_000_000 });
  }
  expect([...a.ended, ...b.ended].sort()).toEqual(sagas.map(({ id }) => id).sort());
  for (const { id } of sagas.slice(0, 5)) {
    const answers = (await readTimeline(database.db, id)).map(({ kind }) => kind).filter((kind) => /^[A-Z][a-z]/.test(kind));
    expect(answers.sort()).toEqual(['CouponHeld', 'CouponUsed', 'StockCommitted', 'StockReserved', 'WalletDebited']);
  }
});

it('a saga that is remembered and not there is unknown, and none is made of it', async () => {
  const [real] = (await accept(1)) as [Progress<PlacedOrder>];
  const ghost = { ...real, id: newId() };
  const { runner } = openInstance();
  runner.accepted([real, ghost]);
  expect(await runner.advance([stockReserved(ghost), stockReserved(real)])).toMatchObject([
    { verdict: 'unknown-saga' },
    { verdict: 'applied' },
  ]);
  expect(await rowOf(ghost.id)).toBeUndefined();
  expect(await rowOf(real.id)).toMatchObject({ version: 2 });
});

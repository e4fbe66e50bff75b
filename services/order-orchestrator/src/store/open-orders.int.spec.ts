import { fileURLToPath } from 'node:url';
import { refusals, wallet } from '@jumun/protos';
import { advance, begin, endOf, type Progress, type SagaChange, type SagaStore, type TimelineEntry } from '@jumun/saga';
import { type Cursor, newId, type Tx } from '@jumun/service-kit';
import { type FreshDatabase, freshDatabase } from '@jumun/testkit';
import type { PlacedOrder } from '../order.ts';
import { placeOrder } from '../place-order.ts';
import { insertAccepted } from './accepted.ts';
import { listOpen, readOrders } from './orders.ts';
import { sagaStore } from './saga-store.ts';

const migrations = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

let database: FreshDatabase;
let store: SagaStore<Tx>;
beforeAll(async () => {
  database = await freshDatabase(migrations);
  store = sagaStore({ db: database.db, eventResendMs: 1_000 });
});
afterAll(() => database.drop());

const begun = (given: Partial<PlacedOrder> = {}): Progress<PlacedOrder> => {
  const order: PlacedOrder = {
    id: newId(),
    userId: newId(),
    lines: [{ productId: newId(), optionId: newId(), name: 'Tea', unitPrice: 1_000, quantity: 2, discountShare: 0 }],
    subtotal: 2_000,
    discount: 0,
    total: 2_000,
    createdAt: Date.now(),
    ...given,
  };
  return begin(placeOrder, order.id, order, order.createdAt).progress;
};
const accept = (...sagas: readonly Progress<PlacedOrder>[]) => database.db.transaction((tx) => insertAccepted(tx, sagas));

describe('an open order', () => {
  const PAID_AT = Date.UTC(2026, 10, 27);
  type Answer = { readonly [command: string]: { readonly $type: string } };
  const toReserve: Answer = { 'reserve.stock': { $type: 'jumun.inventory.v1.StockReserved' } };
  const toPay: Answer = { pay: wallet.WalletDebited.fromPartial({ paidAt: new Date(PAID_AT) }) };
  const toCommit: Answer = { 'commit.stock': { $type: 'jumun.inventory.v1.StockCommitted' } };
  /** What these answers, heard in one transaction, make of a saga. */
  const changeOf = (
    before: Progress<PlacedOrder>,
    rowVersion: number,
    ...answers: readonly Answer[]
  ): SagaChange & { after: Progress<PlacedOrder> } => {
    const { id, data } = before;
    let after = before;
    const told: TimelineEntry[] = [];
    for (const [step, reply] of answers.flatMap((answer) => Object.entries(answer))) {
      const moved = advance(placeOrder, after, { kind: 'reply', commandId: `${id}/${step}/1`, reply }, data.createdAt + 20);
      after = moved.progress;
      told.push(...moved.timeline);
    }
    return { id, rowVersion, before, after, timeline: told, end: endOf(placeOrder, after) };
  };
  const save = (...changes: readonly SagaChange[]) => store.transaction((tx) => store.save(tx, changes));
  const move = async (...moved: Parameters<typeof changeOf>): Promise<Progress<PlacedOrder>> => {
    const change = changeOf(...moved);
    await save(change);
    return change.after;
  };
  const read = async ({ id }: Progress) => (await readOrders(database.db, [id])).get(id);
  const rowOf = async ({ id }: Progress) => {
    const [row] = await database.db.query<{ status: string }>('SELECT status FROM orders WHERE id = ?', [id]);
    return row?.status;
  };

  it('stands where its saga does, and its row is written at the end alone', async () => {
    const accepted = begun();
    await accept(accepted);
    expect(await read(accepted)).toMatchObject({ status: 'ORDER_STATUS_VALIDATING', paymentStatus: 'PAYMENT_STATUS_PENDING' });

    const paying = await move(accepted, 1, toReserve);
    expect(await read(accepted)).toMatchObject({
      status: 'ORDER_STATUS_PROCESSING',
      paymentStatus: 'PAYMENT_STATUS_PENDING',
      paidAt: undefined,
    });

    const committing = await move(paying, 2, toPay);
    const paidAt = new Date(PAID_AT);
    const paid = { status: 'ORDER_STATUS_PROCESSING', paymentStatus: 'PAYMENT_STATUS_SUCCESS', paidAt, completedAt: undefined };
    expect(await read(accepted)).toMatchObject(paid);
    expect(await rowOf(accepted)).toBe('VALIDATING');

    const { endedAt } = await move(committing, 3, toCommit);
    const completed = { ...paid, status: 'ORDER_STATUS_COMPLETED', completedAt: new Date(Number(endedAt)) };
    expect(await read(accepted)).toMatchObject(completed);
    expect(await rowOf(accepted)).toBe('COMPLETED');
    // What an ended order says is its own: nothing is asked of its saga any more.
    await database.db.execute("UPDATE sagas SET progress = '{}', data = '{}' WHERE id = ?", [accepted.id]);
    expect(await read(accepted)).toMatchObject(completed);
  });

  it('that is being undone has the status at which it was refused', async () => {
    const accepted = begun();
    await accept(accepted);
    const paying = await move(accepted, 1, toReserve);
    const undoing = await move(paying, 2, { pay: { $type: 'jumun.refusals.v1.InsufficientBalance' } });
    expect(undoing.phase).toBe('undoing');
    expect(await read(accepted)).toMatchObject({
      status: 'ORDER_STATUS_PROCESSING',
      paymentStatus: 'PAYMENT_STATUS_PENDING',
      reason: undefined,
    });
    await move(undoing, 3, { 'reserve.stock.undo': { $type: 'jumun.inventory.v1.StockReleased' } });
    expect(await read(accepted)).toMatchObject({ status: 'ORDER_STATUS_CANCELLED', paymentStatus: 'PAYMENT_STATUS_FAILED' });
  });

  it('is ended with others of both kinds in one batch', async () => {
    const [good, bad] = [begun(), begun()];
    await accept(good, bad);
    const committing = await move(good, 1, toReserve, toPay);
    const outOfStock = { 'reserve.stock': refusals.OutOfStock.fromPartial({ shortages: [{ requested: 2, available: 1 }] }) };
    await save(changeOf(committing, 2, toCommit), changeOf(bad, 1, outOfStock));
    expect(await Promise.all([good, bad].map(rowOf))).toEqual(['COMPLETED', 'CANCELLED']);
    expect(await read(good)).toMatchObject({ paidAt: new Date(PAID_AT), reason: undefined, cancelledAt: undefined });
    expect(await read(bad)).toMatchObject({ paidAt: undefined, completedAt: undefined, reason: { kind: { $case: 'outOfStock' } } });
  });

  it('is completed, paid at no known time, where the debit was told without one', async () => {
    const accepted = begun();
    await accept(accepted);
    await move(accepted, 1, toReserve, { pay: wallet.WalletDebited.fromPartial({}) }, toCommit);
    expect(await read(accepted)).toMatchObject({
      status: 'ORDER_STATUS_COMPLETED',
      paymentStatus: 'PAYMENT_STATUS_SUCCESS',
      paidAt: undefined,
      completedAt: new Date(accepted.data.createdAt + 20),
    });
  });

  it('is never seen half ended', async () => {
    const some = Array.from({ length: 20 }, () => begun());
    await accept(...some);
    const committing = await Promise.all(some.map((saga) => move(saga, 1, toReserve, toPay)));
    let isOver = false;
    const ending = (async () => {
      for (const saga of committing) await move(saga, 2, toCommit);
      isOver = true;
    })();
    const seen = new Set<string>();
    while (!isOver)
      for (const { status, completedAt, paidAt } of (
        await readOrders(
          database.db,
          some.map(({ id }) => id),
        )
      ).values())
        seen.add(`${status}, ${completedAt === undefined ? 'open' : 'ended'}, ${paidAt?.getTime() === PAID_AT ? 'paid' : 'unpaid'}`);
    await ending;
    for (const each of seen) expect(['ORDER_STATUS_PROCESSING, open, paid', 'ORDER_STATUS_COMPLETED, ended, paid']).toContain(each);
  });

  it('is found by its status among the others of its buyer, newest first, page by page', async () => {
    const buyer = newId();
    const all = Array.from({ length: 9 }, (_, age) => begun({ userId: buyer, createdAt: Date.now() - Math.floor(age / 3) * 1_000 }));
    await accept(...all);
    const [validating, paying, committing] = [0, 1, 2].map((stage) => all.filter((_, index) => index % 3 === stage));
    for (const saga of paying ?? []) await move(saga, 1, toReserve);
    for (const saga of (committing ?? []).slice(1)) await move(saga, 1, toReserve, toPay);
    const [ended] = committing as [Progress<PlacedOrder>];
    await move(ended, 1, toReserve, toPay, toCommit);

    const expected = (some: readonly Progress<PlacedOrder>[]) =>
      [...some].sort((a, b) => b.data.createdAt - a.data.createdAt || (a.id < b.id ? 1 : -1)).map(({ id }) => id);
    const list = async (status: string, limit: number) => {
      const pages: string[][] = [];
      for (let from: Cursor | null = null; ;) {
        const page: { id: string; createdAt: Date }[] = await listOpen(database.db, { userId: buyer, status, from, limit });
        const last = page.at(-1);
        if (last === undefined) return pages;
        pages.push(page.map(({ id }) => id));
        from = { at: last.createdAt, id: last.id };
      }
    };
    const open = [...(paying ?? []), ...(committing ?? [])].filter((saga) => saga !== ended);
    expect((await list('PROCESSING', 2)).map(({ length }) => length)).toEqual([2, 2, 1]);
    expect((await list('PROCESSING', 2)).flat()).toEqual(expected(open));
    expect((await list('VALIDATING', 2)).flat()).toEqual(expected(validating ?? []));
    expect(await list('PENDING', 2)).toEqual([]);
  });
});

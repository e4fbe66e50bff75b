import { fileURLToPath } from 'node:url';
import { advance, begin, defaultPace, endOf, type Input, type Progress, type SagaChange, sagaRunner, type SagaStore } from '@jumun/saga';
import { newId, type Tx } from '@jumun/service-kit';
import { type FreshDatabase, freshDatabase } from '@jumun/testkit';
import type { PlacedOrder } from '../order.ts';
import { definitions, placeOrder } from '../place-order.ts';
import { insertAccepted } from './accepted.ts';
import { LOCK_SAGAS, sagaStore } from './saga-store.ts';
import { readTimeline, TOLD_BYTES_MAX } from './timeline.ts';

const migrations = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));
const T0 = Date.now();

let database: FreshDatabase;
let store: SagaStore<Tx>;

beforeAll(async () => {
  database = await freshDatabase(migrations);
  store = sagaStore({ db: database.db, eventResendMs: 1_000 });
});
afterAll(() => database.drop());

const accepted = async (): Promise<Progress<PlacedOrder>> => {
  const line = { productId: newId(), optionId: newId(), name: '녹차 "green"', unitPrice: 1_000, quantity: 2, discountShare: 0 };
  const order = { id: newId(), userId: newId(), lines: [line], subtotal: 2_000, discount: 0, total: 2_000, createdAt: T0 };
  const { progress } = begin(placeOrder, order.id, order, T0);
  await database.db.transaction((tx) => insertAccepted(tx, [progress]));
  return progress;
};
const reply = ({ id }: Progress, step: string, $type: string): Input => ({
  kind: 'reply',
  commandId: `${id}/${step}/1`,
  reply: { $type },
});
const reserved = (saga: Progress): Input => reply(saga, 'reserve.stock', 'jumun.inventory.v1.StockReserved');
const paid = (saga: Progress): Input => reply(saga, 'pay', 'jumun.wallet.v1.WalletDebited');
const committed = (saga: Progress): Input => reply(saga, 'commit.stock', 'jumun.inventory.v1.StockCommitted');

const changed = (
  before: Progress<PlacedOrder>,
  rowVersion: number,
  input: Input,
  now: number,
): SagaChange & { after: Progress<PlacedOrder> } => {
  const { progress: after, timeline } = advance(placeOrder, before, input, now);
  return { id: before.id, rowVersion, before, after, timeline, end: endOf(placeOrder, after) };
};
const save = (changes: readonly SagaChange[]) => store.transaction((tx) => store.save(tx, changes));
const versionOf = async (id: string) =>
  (await database.db.query<{ version: number }>('SELECT version FROM sagas WHERE id = ?', [id]))[0]?.version;
const told = async ({ id }: Progress) => (await readTimeline(database.db, id)).map(({ source, kind }) => `${source} ${kind}`);

it('tells each move once and in full, oldest first, and no move reads it', async () => {
  const saga = await accepted();
  const first = changed(saga, 1, reserved(saga), T0 + 20);
  const second = changed(first.after, 2, paid(saga), T0 + 30);
  const third = changed(second.after, 3, committed(saga), T0 + 45);
  for (const change of [first, second, third]) await save([change]);
  const status = (at: number, kind: string) => ({ at, source: 'order', kind, detail: {} });
  const answer = (at: number, source: string, kind: string, step: string, durationMs: number) => ({
    at,
    source,
    kind,
    detail: { step, attempt: 1, durationMs },
  });
  expect(await readTimeline(database.db, saga.id)).toEqual([
    status(T0, 'PENDING'),
    status(T0, 'VALIDATING'),
    answer(T0 + 20, 'inventory', 'StockReserved', 'reserve.stock', 20),
    status(T0 + 20, 'PROCESSING'),
    answer(T0 + 30, 'wallet', 'WalletDebited', 'pay', 10),
    answer(T0 + 45, 'inventory', 'StockCommitted', 'commit.stock', 15),
    status(T0 + 45, 'COMPLETED'),
  ]);
  expect(LOCK_SAGAS).not.toMatch(/timeline/);
});

it('tells nothing twice when a saga has moved meanwhile, and nothing of those that were rolled back with it', async () => {
  const [overtaken, other] = [await accepted(), await accepted()];
  let reads = 0;
  // What was read is not locked, and another instance carries out the same reply before it is written.
  const unlocked: SagaStore<Tx> = {
    ...store,
    lock: async (_, ids) => {
      const read = await store.transaction((tx) => store.lock(tx, ids));
      if (++reads === 1) await save([changed(overtaken, 1, reserved(overtaken), T0 + 10)]);
      return read;
    },
  };
  const runner = sagaRunner({ store: unlocked, definitions, send: () => Promise.resolve() });
  const results = await runner.advance([overtaken, other].map((saga) => ({ sagaId: saga.id, input: reserved(saga) })));
  expect(reads).toBe(2);
  expect(results.map(({ verdict }) => verdict)).toEqual(['stale', 'applied']);
  const expected = ['order PENDING', 'order VALIDATING', 'inventory StockReserved', 'order PROCESSING'];
  expect([await told(overtaken), await told(other)]).toEqual([expected, expected]);
  expect([await versionOf(overtaken.id), await versionOf(other.id)]).toEqual([2, 2]);
});

it('tells of a full history answers and states only: asking again has no end of its own', async () => {
  const saga = await accepted();
  // Blanks around JSON mean nothing.
  await database.db.execute("UPDATE sagas SET timeline = RPAD(timeline, ?, ' ') WHERE id = ?", [TOLD_BYTES_MAX - 1, saga.id]);
  const first = changed(saga, 1, { kind: 'tick' }, T0 + defaultPace.askAgainMs);
  await save([first]);
  const second = changed(first.after, 2, { kind: 'tick' }, T0 + 10 * defaultPace.askAgainMs);
  await save([second]);
  expect(await versionOf(saga.id)).toBe(3);
  expect(await told(saga)).toEqual(['order PENDING', 'order VALIDATING', 'saga asked-again']);
  await save([changed(second.after, 3, reserved(saga), T0 + 11 * defaultPace.askAgainMs)]);
  expect((await told(saga)).slice(3)).toEqual(['inventory StockReserved', 'order PROCESSING']);
});

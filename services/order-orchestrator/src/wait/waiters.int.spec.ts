import { fileURLToPath } from 'node:url';
import { begin } from '@jumun/saga';
import { type Database, newId, TransientError } from '@jumun/service-kit';
import { type FreshDatabase, freshDatabase } from '@jumun/testkit';
import { placeOrder } from '../place-order.ts';
import { insertAccepted } from '../store/accepted.ts';
import { ENDED_AMONG } from '../store/orders.ts';
import { openWaiters } from './waiters.ts';

let database: FreshDatabase;
beforeAll(async () => {
  database = await freshDatabase(fileURLToPath(new URL('../../prisma/migrations', import.meta.url)));
});
afterAll(() => database.drop());

const placed = async (): Promise<string> => {
  const id = newId();
  const lines = [{ productId: newId(), optionId: newId(), name: 'Tea', unitPrice: 1_000, quantity: 1, discountShare: 0 }];
  const order = { id, userId: newId(), lines, subtotal: 1_000, discount: 0, total: 1_000, createdAt: Date.now() };
  await database.db.transaction((tx) => insertAccepted(tx, [begin(placeOrder, id, order, order.createdAt).progress]));
  return id;
};

/** The database, which does not answer the first look; and who was looked for in the others. */
const watched = (): { db: Database; looks: string[] } => {
  const looks: string[] = [];
  let failed = false;
  const query: Database['query'] = (sql, params) => {
    if (sql !== ENDED_AMONG) return database.db.query(sql, params);
    if (!failed) {
      failed = true;
      return Promise.reject(new TransientError('away'));
    }
    looks.push(...((params ?? []) as string[][]).flat());
    return database.db.query(sql, params);
  };
  return { db: { ...database.db, query }, looks };
};

it('finds what another instance has ended, though a look may fail, and looks for what has not ended ever more seldom', async () => {
  const { db, looks } = watched();
  const waiters = openWaiters(db);
  const [ended, open] = [await placed(), await placed()];
  const found = waiters.wait(ended, 60_000);
  const impatient = waiters.wait(open, 3_000);
  await database.db.execute("UPDATE orders SET status = 'CANCELLED', cancelled_at = UTC_TIMESTAMP(3) WHERE id = ?", [ended]);
  expect(await found).toMatchObject({ ended: true, order: { id: ended } });
  expect(await impatient).toMatchObject({ ended: false, order: { id: open } });
  // At half a second, one and two; each quarter of a second would be ten times and more.
  expect(looks.filter((id) => id === open).length).toBeLessThanOrEqual(4);
  waiters.stop();
});

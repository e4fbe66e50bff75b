import { freshDatabase, type FreshDatabase } from '@jumun/testkit';
import { CLAIM, claimIds, READ_CLAIMS, readClaims, STORE_REPLIES, storeReplies } from './claims.ts';

let data: FreshDatabase;
beforeAll(async () => {
  data = await freshDatabase(new URL('../../testing/migrations', import.meta.url).pathname);
});
afterAll(() => data.drop());

const fp = 'f'.repeat(64);

test('a token tells whose a claim is; a do that is claimed ahead has no fingerprint', async () => {
  await data.db.transaction(async (tx) => {
    await claimIds(tx, 'first', [
      ['a', fp],
      ['b', null],
    ]);
    await storeReplies(tx, [
      ['b', 'type', '{"말":1}'],
      ['a', 'type', '{}'],
    ]);
  });
  const rows = await data.db.transaction(async (tx) => {
    await claimIds(tx, 'second', [
      ['a', fp],
      ['c', fp],
    ]);
    return readClaims(tx, ['a', 'b', 'c']);
  });
  expect(rows.map(({ id, claim, fingerprint, reply }) => [id, claim, fingerprint, reply])).toEqual([
    ['a', 'first', fp, '{}'],
    ['b', 'first', null, '{"말":1}'],
    ['c', 'second', fp, null],
  ]);
});

test('replies must meet their rows', async () => {
  await expect(data.db.transaction((tx) => storeReplies(tx, [['nobody', 'type', '{}']]))).rejects.toThrow('0 rows');
});

test('a rival waits for a claim, and then finds its answer', async () => {
  let commit: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (commit = resolve));
  const order: string[] = [];
  let isClaimed: () => void = () => undefined;
  const claimed = new Promise<void>((resolve) => (isClaimed = resolve));
  const winner = data.db.transaction(async (tx) => {
    await claimIds(tx, 'winner', [['r', fp]]);
    isClaimed();
    await gate;
    await storeReplies(tx, [['r', 'type', '{}']]);
    order.push('winner');
  });
  await claimed;
  const rival = data.db.transaction(async (tx) => {
    const [, rows] = await Promise.all([claimIds(tx, 'rival', [['r', fp]]), readClaims(tx, ['r'])]);
    order.push('rival');
    return rows[0];
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  commit();
  await winner;
  expect(await rival).toMatchObject({ claim: 'winner', reply: '{}' });
  expect(order).toEqual(['winner', 'rival']);
});

test('the plan of every statement: join order, primary key, no scan of the inbox', async () => {
  const plan = async (sql: string, params: readonly unknown[]) => {
    const rows = await data.db.query<{ table: string; type: string; key: string | null }>(`EXPLAIN ${sql}`, params);
    return rows.map(({ table, type, key }) => [table, type, key]);
  };
  expect(await plan(READ_CLAIMS, [['a', 'b', 'x']])).toEqual([['inbox', 'range', 'PRIMARY']]);
  expect(await plan(STORE_REPLIES, ['[["a","t","{}"]]'])).toEqual([
    ['j', 'ALL', null],
    ['i', 'eq_ref', 'PRIMARY'],
  ]);
  expect(await plan(CLAIM, ['t', '[["a",null]]'])).toEqual([['j', 'ALL', null]]);
});

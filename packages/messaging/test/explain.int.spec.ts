import { claimStatement, READ_OTHERS, writeReplies } from '../src/inbox.ts';
import { MARK_SENT, NEXT_TOPIC, READ_UNSENT, readWaitingTopics } from '../src/outbox-rows.ts';
import { type Fixture, openFixture } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
  for (let i = 0; i < 4; i++) {
    const ids = Array.from({ length: 250 }, (_, j) => `id-${i * 250 + j}`);
    await fixture.db.execute(
      ...claimStatement(
        ids.map((id) => [id, null] as const),
        'token',
      ),
    );
    await fixture.db.execute(
      `INSERT INTO outbox (id, topic, message_key, type, payload, sent_at) VALUES ${ids.map(() => "(?, 't', 'k', 'x', '', NOW(3))").join()}`,
      ids,
    );
    const waiting = ids.map((id) => `('waits-${id}', 'crowded', 'k', 'x', '', NOW(3) - INTERVAL 1 HOUR)`);
    await fixture.db.execute(`INSERT INTO outbox (id, topic, message_key, type, payload, created_at) VALUES ${waiting.join()}`);
  }
  await fixture.db.execute(`INSERT INTO outbox (id, topic, message_key, type, payload, created_at, refused_at) VALUES
    ('refused', 'late', 'k', 'x', '', NOW(3) - INTERVAL 3 HOUR, NOW(3) - INTERVAL 1 HOUR),
    ('refused now', 'late', 'k', 'x', '', NOW(3) - INTERVAL 3 HOUR, NOW(3)),
    ('old', 'late', 'k', 'x', '', NOW(3) - INTERVAL 2 HOUR, NULL),
    ('new', 'late', 'k', 'x', '', NOW(3), NULL),
    ('refused only', 'refused', 'k', 'x', '', NOW(3) - INTERVAL 2 HOUR, NOW(3))`);
  await fixture.db.query('ANALYZE TABLE inbox, outbox');
});
afterAll(() => fixture.close());

interface Plan {
  readonly table: string | null;
  readonly type: string | null;
  readonly key: string | null;
  readonly rows: number | null;
}
const explain = async (sql: string, params: unknown[]): Promise<Plan[]> => {
  const plans = await fixture.db.query<Plan>(`EXPLAIN FORMAT = TRADITIONAL ${sql}`, params);
  return plans.map((plan) => ({ ...plan, rows: Number(plan.rows) }));
};
const ids = ['id-1', 'id-500', 'id-999'];

test('replies wait for no row but their own', async () => {
  const answers = new Map(ids.map((id) => [id, { type: 't', value: Buffer.from('reply') }]));
  await fixture.db.transaction(async (rival) => {
    await rival.query("SELECT id FROM inbox WHERE id IN ('id-2', 'id-499', 'id-501', 'id-998') FOR UPDATE");
    await fixture.db.transaction((tx) => writeReplies(tx, answers));
  });
  const rows = await fixture.db.query('SELECT id, claim, reply FROM inbox WHERE reply IS NOT NULL ORDER BY id');
  expect(rows).toEqual(ids.map((id) => ({ id, claim: 'token', reply: Buffer.from('reply').toString('base64') })));
});

test('a reply to what was never claimed is an error, and leaves nothing', async () => {
  const stray = new Map([['nobody', { type: 't', value: Buffer.from('') }]]);
  await expect(fixture.db.transaction((tx) => writeReplies(tx, stray))).rejects.toThrow('inbox rows');
  expect(await fixture.db.query("SELECT id FROM inbox WHERE id = 'nobody'")).toEqual([]);
});

test('what others have claimed is read by ranges of the primary key', async () => {
  expect(await explain(READ_OTHERS, [ids, 'token'])).toMatchObject([{ table: 'inbox', type: 'range', key: 'PRIMARY', rows: 3 }]);
});

/** How many rows and entries of indexes the server reads for a query. */
const countReads = (sql: string, params: unknown[]): Promise<number> =>
  fixture.db.transaction(async (tx) => {
    const readSoFar = async (): Promise<number> => {
      const counts = await tx.query<{ Value: string }>("SHOW SESSION STATUS LIKE 'Handler_read%'");
      return counts.reduce((sum, { Value }) => sum + Number(Value), 0);
    };
    await readSoFar(); // what this itself reads is the same each time
    const before = await readSoFar();
    const own = (await readSoFar()) - before;
    await tx.query(sql, params);
    return (await readSoFar()) - before - 2 * own;
  });

test.each([
  ['the next topic', NEXT_TOPIC, ['']],
  ['what comes after a crowded one', NEXT_TOPIC, ['crowded']],
  ['what waits in one', READ_UNSENT, ['late', 60, 1, 1, 100]],
])('%s is found without reading past what was sent or waits in another topic', async (_, read, params) => {
  expect((await explain(read, params))[0]).toMatchObject({ key: 'outbox_unsent', type: 'range' });
  expect(await countReads(read, params)).toBeLessThan(10);
});

test('topics that wait are told with the age of what was not refused', async () => {
  const ages = await readWaitingTopics(fixture.db);
  expect([...ages.keys()]).toEqual(['crowded', 'late', 'refused']);
  expect(ages.get('crowded')).toBeGreaterThanOrEqual(3_600);
  expect(ages.get('late')).toBeGreaterThanOrEqual(7_200);
  expect(ages.get('late')).toBeLessThan(10_800);
  expect(ages.get('refused')).toBe(0);
});

test('what was refused is read last, and not before its pause is over', async () => {
  const found = await fixture.db.query<{ id: string }>(READ_UNSENT, ['late', 60, 60, 60, 100]);
  expect(found.map(({ id }) => id)).toEqual(['old', 'refused']);
});

test('sent rows are marked by the primary key', async () => {
  expect(await explain(MARK_SENT, [ids])).toMatchObject([{ type: 'range', key: 'PRIMARY', rows: 3 }]);
});

test('the purge goes by an index', async () => {
  const [inbox] = await explain('DELETE FROM inbox WHERE created_at < CURRENT_TIMESTAMP(3) - INTERVAL 3 DAY LIMIT 500', []);
  const [outbox] = await explain('DELETE FROM outbox WHERE sent_at < CURRENT_TIMESTAMP(3) - INTERVAL 1 DAY LIMIT 500', []);
  expect([inbox?.key, outbox?.key]).toEqual(['inbox_created_at', 'outbox_unsent']);
});

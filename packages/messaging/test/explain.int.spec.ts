import { claimStatement, READ_OTHERS, writeReplies } from '../src/inbox.ts';
import { MARK_SENT, READ_UNSENT, READ_UNSENT_OF } from '../src/outbox-rows.ts';
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
  }
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

test.each([
  ['of all topics but some', READ_UNSENT],
  ['of one topic', READ_UNSENT_OF],
])('unsent rows %s are found without touching those that were sent', async (_, read) => {
  const [plan] = await explain(read, [['t'], 1, 1, 100]);
  expect(plan).toMatchObject({ key: 'outbox_unsent', type: 'range' });
  expect(plan?.rows).toBeLessThan(10);
});

test('sent rows are marked by the primary key', async () => {
  expect(await explain(MARK_SENT, [ids])).toMatchObject([{ type: 'range', key: 'PRIMARY', rows: 3 }]);
});

test('the purge goes by an index', async () => {
  const [inbox] = await explain('DELETE FROM inbox WHERE created_at < CURRENT_TIMESTAMP(3) - INTERVAL 3 DAY LIMIT 500', []);
  const [outbox] = await explain('DELETE FROM outbox WHERE sent_at < CURRENT_TIMESTAMP(3) - INTERVAL 1 DAY LIMIT 500', []);
  expect([inbox?.key, outbox?.key]).toEqual(['inbox_created_at', 'outbox_unsent']);
});

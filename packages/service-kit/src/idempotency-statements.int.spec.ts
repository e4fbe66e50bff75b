import { explain } from '@jumun/testkit';
import { startMariadb, type MariadbServer } from '../test/mariadb-server.ts';
import { claimKeys, findKeys, type IdempotencyKey, onceEach, type Outcome } from './idempotency.ts';
import { ANSWER, FORGET, IDEMPOTENCY_DDL, READ } from './idempotency-statements.ts';
import { newId } from './ids.ts';
import { type Database, openDatabase } from './tx.ts';

let server: MariadbServer;
let db: Database;
/** One connection, which waits for nobody. */
let impatient: Database;
beforeAll(async () => {
  server = await startMariadb();
  const url = await server.schema();
  db = openDatabase(url);
  impatient = openDatabase(url, { poolSizeMax: 1 });
  await impatient.transaction((tx) => tx.execute('SET SESSION innodb_lock_wait_timeout = 0'));
  await db.execute(IDEMPOTENCY_DDL);
  // So few rows that a planner left to itself would scan them.
  await once(db, ['a', 'c', 'e']);
});
afterAll(async () => {
  await Promise.all([db.close(), impatient.close()]);
  await server.stop();
});

const keyOf = (key: string): IdempotencyKey => ({ caller: 'u1', route: 'POST /things', key, fingerprint: 'f' });

/** One transaction that claims the keys and answers them; those in capitals are refused, so that their rows are forgotten. */
const once = (on: Database, keys: readonly string[]): Promise<Outcome<string, string>[]> =>
  onceEach<string, string, string>(on, keys, {
    keyOf,
    run: (_, calls) => Promise.resolve(calls.map(({ call }) => (call === call.toUpperCase() ? { refused: call } : call))),
    codec: { encode: (effect) => effect, decode: (stored) => stored },
    reused: 'REUSED',
    inProgress: 'IN_PROGRESS',
  });

const parameter = JSON.stringify([['u1', 'POST /things', 'a', 'answer']]);

it.each([
  ['READ', READ],
  ['READ … FOR UPDATE', `${READ} FOR UPDATE`],
  ['ANSWER', ANSWER],
  ['FORGET', FORGET],
])('%s begins with its parameter, and finds each row by its primary key', async (_, statement) => {
  const [first, ...others] = await explain({ db }, statement, [parameter]);
  expect(first).toMatch(/ ALL$/);
  expect(others.filter((line) => line.startsWith('i '))).toEqual(['i eq_ref PRIMARY']);
});

it('the purge goes by an index', async () => {
  const purge = 'DELETE FROM idempotency WHERE created_at < CURRENT_TIMESTAMP(3) - INTERVAL 48 HOUR LIMIT 500';
  expect(await explain({ db }, purge, [])).toEqual(['idempotency range idempotency_created_at']);
});

it('claiming, answering and forgetting wait for nobody who uses other keys', async () => {
  await db.transaction(async (stranger) => {
    // Neighbours on all sides: keys that are there, and keys that are new.
    await claimKeys(
      stranger,
      ['a', 'e', 'd', 'z'].map((key) => ({ ...keyOf(key), effectId: newId() })),
    );
    expect(await once(impatient, ['c', 'b', 'C', 'y'])).toEqual([
      { effect: 'c', replayed: true },
      { effect: 'b', replayed: false },
      { refused: 'C' },
      { effect: 'y', replayed: false },
    ]);
    // The stranger's own keys are his until he commits.
    await expect(once(impatient, ['e'])).rejects.toThrow(/Lock wait timeout/);
  });
  expect([...(await findKeys(db, [keyOf('C')])).keys()]).toEqual([]);
});

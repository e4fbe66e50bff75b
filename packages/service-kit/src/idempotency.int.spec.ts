import { openThings } from '../test/things.ts';
import { findKeys, idempotencyName, type IdempotencyKey, onceEach, type Outcome } from './idempotency.ts';
import { type Database, openDatabase } from './tx.ts';

interface Call {
  readonly key?: string;
  readonly body: string;
}

const keyOf = ({ key, body }: Call): IdempotencyKey => ({ caller: 'u1', route: 'POST /things', key: key ?? '', fingerprint: body });

const given = openThings('id CHAR(36) PRIMARY KEY, body VARCHAR(100)');

/** More than 65,535 bytes. */
const LONG = '주"문'.repeat(100_000);

/** Makes a thing of each call; bodies that begin with "bad" are refused, and "boom" is a bug. */
const make = (calls: readonly Call[], on: Database = given.db): Promise<Outcome<string, string>[]> =>
  onceEach<Call, string, string>(on, calls, {
    keyOf,
    run: async (tx, fresh) =>
      fresh.map(({ call: { body }, effectId }) => {
        if (body === 'boom') throw new Error('boom');
        if (body.startsWith('bad')) return { refused: body };
        void tx.execute('INSERT INTO thing VALUES (?, ?)', [effectId, body]);
        return body === 'long' ? LONG : `${body} made`;
      }),
    codec: { encode: (effect) => effect, decode: (stored) => stored },
    reused: 'REUSED',
    inProgress: 'IN_PROGRESS',
  });

const count = async (table: 'thing' | 'idempotency'): Promise<number> =>
  (await given.db.query<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`))[0]?.n ?? 0;

it('makes one thing a key, and answers it again', async () => {
  expect(await make([{ key: 'k', body: 'a' }])).toEqual([{ effect: 'a made', replayed: false }]);
  expect(await make([{ key: 'k', body: 'a' }])).toEqual([{ effect: 'a made', replayed: true }]);
  expect(await make([{ key: 'k', body: 'b' }])).toEqual([{ refused: 'REUSED' }]);
  expect(await count('thing')).toBe(1);
});

it('answers again what is longer than any column of text but the longest', async () => {
  await make([
    { key: 'k', body: 'long' },
    { key: 'l', body: 'a' },
  ]);
  expect(await make([{ key: 'k', body: 'long' }])).toEqual([{ effect: LONG, replayed: true }]);
});

it('has no answer for a key without one, and says that this is a mistake of its own', async () => {
  await make([{ key: 'k', body: 'a' }]);
  await given.db.execute('UPDATE idempotency SET answer = NULL');
  await expect(make([{ key: 'k', body: 'a' }])).rejects.toThrow('stored without its answer');
  expect(await make([{ key: 'k', body: 'b' }])).toEqual([{ refused: 'REUSED' }]);
});

it('makes nothing whose answer cannot be kept', async () => {
  const taken = onceEach<Call, string, string>(given.db, [{ key: 'k', body: 'a' }], {
    keyOf,
    run: async (tx, [fresh]) => {
      await tx.execute('DELETE FROM idempotency');
      void tx.execute('INSERT INTO thing VALUES (?, ?)', [fresh?.effectId, 'a']);
      return ['a made'];
    },
    codec: { encode: (effect) => effect, decode: (stored) => stored },
    reused: 'REUSED',
    inProgress: 'IN_PROGRESS',
  });
  await expect(taken).rejects.toThrow('of 1 answers, 0 found the key');
  expect(await count('thing')).toBe(0);
});

it('makes one of each call without a key, and keeps nothing', async () => {
  await make([{ body: 'a' }, { body: 'a' }]);
  expect([await count('thing'), await count('idempotency')]).toEqual([2, 0]);
});

it('merges twins within a batch', async () => {
  const twins = [
    { key: 'k', body: 'a' },
    { key: 'k', body: 'a' },
    { key: 'k', body: 'b' },
    { key: 'l', body: 'a' },
  ];
  expect(await make(twins)).toEqual([
    { effect: 'a made', replayed: false },
    { effect: 'a made', replayed: true },
    { refused: 'REUSED' },
    { effect: 'a made', replayed: false },
  ]);
  expect(await count('thing')).toBe(2);
});

it('keeps nothing of a refusal, also not for its twins', async () => {
  const calls = [
    { key: 'k', body: 'bad' },
    { key: 'k', body: 'bad' },
    { key: 'k', body: 'a' },
  ];
  expect(await make(calls)).toEqual([{ refused: 'bad' }, { refused: 'bad' }, { refused: 'IN_PROGRESS' }]);
  expect(await count('idempotency')).toBe(0);
  expect(await make([{ key: 'k', body: 'a' }])).toEqual([{ effect: 'a made', replayed: false }]);
});

it('answers each call of a known key by its own body, whichever of its batch comes first', async () => {
  await make([{ key: 'k', body: 'a' }]);
  const [again, misuse] = [
    { key: 'k', body: 'a' },
    { key: 'k', body: 'b' },
  ];
  const [replayed, reused] = [{ effect: 'a made', replayed: true }, { refused: 'REUSED' }];
  expect(await make([misuse, again, misuse])).toEqual([reused, replayed, reused]);
  expect(await make([again, misuse, again])).toEqual([replayed, reused, replayed]);
  expect(await make([misuse, { key: 'k', body: 'c' }])).toEqual([reused, reused]);
  expect(await count('thing')).toBe(1);
});

it('leaves nothing of a batch that failed', async () => {
  await expect(
    make([
      { key: 'k', body: 'a' },
      { key: 'l', body: 'boom' },
    ]),
  ).rejects.toThrow('boom');
  expect([await count('thing'), await count('idempotency')]).toEqual([0, 0]);
});

it('takes keys that differ in spaces at their end for one, as the columns do', async () => {
  expect(
    await make([
      { key: 'k ', body: 'a' },
      { key: 'k', body: 'a' },
    ]),
  ).toMatchObject([{ replayed: false }, { replayed: true }]);
  expect(await make([{ key: 'k  ', body: 'a' }])).toMatchObject([{ replayed: true }]);
});

it.each(['ä', 'k'.repeat(256), 'a\nb'])('does not take %j for a key', async (key) =>
  expect(make([{ key, body: 'a' }])).rejects.toThrow('printable ASCII'),
);

it('lets one of many rivals make it, whose batches name the same keys in any order', async () => {
  const rivals = [given.db, openDatabase(given.url), openDatabase(given.url)];
  const keys = Array.from({ length: 20 }, (_, n) => `k${n}`);
  const batches = await Promise.all(
    Array.from({ length: 12 }, (_, n) => {
      const order = keys.toSorted((a, b) => ((n * 7 + a.length) % 2 === 0 ? a.localeCompare(b) : b.localeCompare(a)));
      return make(
        order.map((key) => ({ key, body: `body-${key}` })),
        rivals[n % 3],
      );
    }),
  );
  await Promise.all(rivals.slice(1).map((each) => each.close()));
  expect(await count('thing')).toBe(20);
  expect(batches.flat().filter((outcome) => 'replayed' in outcome && !outcome.replayed)).toHaveLength(20);
});

it('finds what is stored of keys', async () => {
  await make([{ key: 'k', body: 'a' }]);
  const keys = ['k', 'l'].map((key) => keyOf({ key, body: 'a' }));
  const found = await findKeys(given.db, keys);
  expect([...found.keys()]).toEqual([idempotencyName(keys[0] as IdempotencyKey)]);
  expect(await findKeys(given.db, [])).toEqual(new Map());
});

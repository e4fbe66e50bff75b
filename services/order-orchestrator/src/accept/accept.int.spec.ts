import { fileURLToPath } from 'node:url';
import { type orders, refusal } from '@jumun/protos';
import { defaultPace } from '@jumun/saga';
import { type Database, newId, openDatabase, type Tx } from '@jumun/service-kit';
import { eventually, type FreshDatabase, freshDatabase } from '@jumun/testkit';
import { callsOf, cheapQuote } from '../../test/calls.ts';
import type { Quote } from '../quote/quote.ts';
import { type Accepted, type AcceptParts, openAccepting } from './accept.ts';

const userId = newId();
const quote = () => cheapQuote();
const call = callsOf(userId);

let database: FreshDatabase;
let rivals: Database[];
beforeAll(async () => {
  database = await freshDatabase(fileURLToPath(new URL('../../prisma/migrations', import.meta.url)));
  rivals = Array.from({ length: 4 }, () => openDatabase(database.url));
});
beforeEach(() =>
  Promise.all(['orders', 'order_lines', 'sagas', 'idempotency'].map((table) => database.db.execute(`DELETE FROM ${table}`))),
);
afterAll(async () => {
  await Promise.all(rivals.map((each) => each.close()));
  await database.drop();
});

/** Acceptance of an instance of its own, and the sagas whose first commands it has sent. */
const instance = (given: Partial<AcceptParts> = {}) => {
  const sent: string[] = [];
  const accept = openAccepting({
    db: database.db,
    pace: defaultPace,
    quote: (calls) => Promise.resolve(calls.map(quote)),
    send: (messages) => void sent.push(...messages.map(({ commandId }) => commandId.split('/')[0] ?? '')),
    ...given,
  });
  return { sent, accept: (...keys: string[]) => accept(keys.map((key) => call(key))) };
};
const idOf = (accepted: Accepted | undefined): string => {
  if (accepted === undefined || 'refused' in accepted) throw new Error(`no order: ${JSON.stringify(accepted)}`);
  return accepted.orderId;
};

/** Each key has one order, and each order its key, its line and its saga: what acceptance promises, in rows. */
const expectWhole = async (keys: readonly string[]): Promise<Map<string, string>> => {
  const rows = await database.db.query<{ key: string; id: string }>('SELECT idempotency_key AS `key`, effect_id AS id FROM idempotency');
  expect(rows.map(({ key }) => key).sort()).toEqual([...new Set(keys)].sort());
  const ids = rows.map(({ id }) => id).sort();
  for (const sql of ['SELECT id FROM orders', 'SELECT order_id AS id FROM order_lines', 'SELECT id FROM sagas'])
    expect((await database.db.query<{ id: string }>(sql)).map(({ id }) => id).sort()).toEqual(ids);
  return new Map(rows.map(({ key, id }) => [key, id]));
};

describe('a batch of new keys', () => {
  const counted = async (db: Database, work: () => Promise<unknown>): Promise<Record<string, number>> => {
    const counters = () =>
      db.transaction((tx) =>
        tx.query<{ Variable_name: string; Value: string }>(
          "SHOW SESSION STATUS WHERE Variable_name IN ('Com_select', 'Com_rollback', 'Com_commit')",
        ),
      );
    const [before, , after] = [await counters(), await work(), await counters()];
    return Object.fromEntries(
      before.map(({ Variable_name: name, Value: value }, index) => [name, Number(after[index]?.Value) - Number(value)]),
    );
  };

  it('reads nothing in its transaction, nor does a batch without keys; only a known key is read, in a second one', async () => {
    // One connection for transactions, so that the session's counters are those of all of them. One COMMIT is that of the first look at them.
    const db = openDatabase(database.url, { poolSizeMax: 1 });
    const { accept } = instance({ db });
    const known = newId();
    expect(await counted(db, () => accept(known, ...Array.from({ length: 30 }, newId)))).toEqual({
      Com_select: 0,
      Com_rollback: 0,
      Com_commit: 2,
    });
    expect(await counted(db, () => accept('', ''))).toEqual({ Com_select: 0, Com_rollback: 0, Com_commit: 2 });
    expect(await counted(db, () => accept(newId(), known))).toEqual({ Com_select: 1, Com_rollback: 1, Com_commit: 2 });
    // Where one was repeated others will be: the next batch is read before it is written, and the one after that is trusted again.
    expect(await counted(db, () => accept(newId()))).toEqual({ Com_select: 1, Com_rollback: 0, Com_commit: 2 });
    expect(await counted(db, () => accept(newId()))).toEqual({ Com_select: 0, Com_rollback: 0, Com_commit: 2 });
    await db.close();
  });

  it('has the time of the database', async () => {
    const { accept } = instance();
    const id = idOf((await accept(newId()))[0]);
    const [row] = await database.db.query<{ ms: number }>(
      'SELECT TIMESTAMPDIFF(MICROSECOND, created_at, UTC_TIMESTAMP(3)) / 1000 AS ms FROM orders WHERE id = ?',
      [id],
    );
    expect(Number(row?.ms)).toBeGreaterThanOrEqual(0);
    expect(Number(row?.ms)).toBeLessThan(10_000);
  });
});

it('a key that is known already answers its order, and the others of its batch are placed, each once', async () => {
  const { accept, sent } = instance();
  const [known, ...others] = Array.from({ length: 5 }, newId) as [string, ...string[]];
  const first = idOf((await accept(known))[0]);
  for (const batch of [
    [known, ...others],
    [...others, known],
    [known, known],
  ]) {
    const answers = await accept(...batch);
    expect(answers[batch.indexOf(known)]).toEqual({ orderId: first, replayed: true });
  }
  const orderOf = await expectWhole([known, ...others]);
  expect(sent.sort()).toEqual([...orderOf.values()].sort());
});

it('a known key with another body is refused, and spoils nothing for the others of its batch', async () => {
  const { accept } = instance();
  const [known, other] = [newId(), newId()];
  await accept(known);
  const accepting = openAccepting({
    db: database.db,
    pace: defaultPace,
    quote: (calls) => Promise.resolve(calls.map(quote)),
    send: () => {},
  });
  expect(await accepting([call(known, 'b'), call(other, 'b')])).toEqual([
    { refused: refusal('idempotencyKeyReused') },
    { orderId: expect.any(String), replayed: false },
  ]);
  await expectWhole([known, other]);
});

/** Until a statement on keys, an INSERT of them if none is named, has been under way for several looks: it waits for the rival. */
const waiting = (statement = 'INSERT INTO idempotency %') => {
  let looks = 0;
  return eventually(async () => {
    const under = await database.db.query('SELECT 1 FROM information_schema.processlist WHERE TRIM(info) LIKE ?', [statement]);
    looks = under.length === 1 ? looks + 1 : 0;
    return looks === 3;
  });
};
let release = (): void => {};
afterEach(() => release());
/** A database whose transactions are held when all is written, and commit or fail as they are told. */
const held = (db: Database) => {
  const [written, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const transaction = <T>(work: (tx: Tx) => Promise<T>): Promise<T> =>
    db.transaction(async (tx) => {
      const done = await work(tx);
      written.resolve();
      await end.promise;
      return done;
    });
  release = end.resolve;
  return { db: { ...db, transaction }, written: written.promise, commit: () => end.resolve(), fail: end.reject };
};

describe('two rivals at the same time, with one key in common', () => {
  const [LOW, HIGH] = ['0', 'z'];

  it.each([
    ['last', 0, LOW],
    ['first', 1, HIGH],
    ['first', 0, HIGH],
    ['last', 1, LOW],
  ])(
    'the one that comes second, whose common key is its %s (rival %i), waits, and gets the order of the one that commits',
    async (_, faster, side) => {
      const common = newId();
      const [mine, theirs] = [`${side}${newId()}`, `${side}${newId()}`];
      const hold = held(rivals[faster] as Database);
      const [quick, slow] = [instance({ db: hold.db }), instance({ db: rivals[1 - faster] as Database })];
      const first = quick.accept(mine, common);
      await hold.written;
      const second = slow.accept(theirs, common);
      await waiting();
      hold.commit();
      const [[, won], [own, lost]] = [await first, await second];
      expect(won).toMatchObject({ replayed: false });
      expect(lost).toEqual({ orderId: idOf(won), replayed: true });
      expect(own).toMatchObject({ replayed: false });
      await expectWhole([mine, theirs, common]);
      expect([quick.sent.length, slow.sent.length]).toEqual([2, 1]);
    },
  );

  it('the one that comes second goes on when the other one rolls back', async () => {
    const [common, mine, theirs] = [newId(), newId(), newId()];
    const hold = held(rivals[0] as Database);
    const [failing, slow] = [instance({ db: hold.db }), instance({ db: rivals[1] as Database })];
    const first = failing.accept(mine, common);
    await hold.written;
    const second = slow.accept(theirs, common);
    await waiting();
    hold.fail(new Error('killed'));
    await expect(first).rejects.toThrow('killed');
    expect(await second).toMatchObject([{ replayed: false }, { replayed: false }]);
    await expectWhole([theirs, common]);
    expect(failing.sent).toEqual([]);
  });

  it('a quote that grew old while its keys waited for a rival is asked again, and nothing of the first try stays', async () => {
    const [common, theirs] = [newId(), newId()];
    let now = 0;
    let asked = 0;
    const hold = held(rivals[0] as Database);
    const slow = instance({
      db: rivals[1] as Database,
      clock: () => now,
      quote: (calls) => {
        asked += 1;
        return Promise.resolve(calls.map(quote));
      },
    });
    const first = instance({ db: hold.db }).accept(common);
    await hold.written;
    const second = slow.accept(theirs, common);
    await waiting();
    now = 2_001;
    hold.fail(new Error('killed'));
    await expect(first).rejects.toThrow('killed');
    expect(await second).toMatchObject([{ replayed: false }, { replayed: false }]);
    expect(asked).toBe(2);
    await expectWhole([theirs, common]);
  });
});

describe('a call that is refused', () => {
  const hopeless: Quote = { refused: refusal('couponNotFound') };

  it.each([
    ['commits', 'commit', { orderId: expect.any(String) as string, replayed: true }],
    ['rolls back', 'fail', hopeless],
  ] as const)('waits for a rival with its key that %s', async (_, end, answer) => {
    const [common, other] = [newId(), newId()];
    const hold = held(rivals[0] as Database);
    const slow = instance({
      db: rivals[1] as Database,
      quote: (calls) => Promise.resolve(calls.map(({ idempotency }) => (idempotency?.key === common ? hopeless : quote()))),
    });
    const first = instance({ db: hold.db })
      .accept(common)
      .catch(() => {});
    await hold.written;
    const second = slow.accept(common, other);
    await waiting('SELECT i.caller%');
    hold[end](new Error('killed'));
    await first;
    expect(await second).toEqual([answer, { orderId: expect.any(String) as string, replayed: false }]);
  });

  it('is not, for good, while its rival stands still', async () => {
    const [common, other] = [newId(), newId()];
    const hold = held(rivals[0] as Database);
    const first = instance({ db: hold.db }).accept(common);
    await hold.written;
    const slow = openAccepting({
      db: rivals[1] as Database,
      pace: defaultPace,
      quote: (calls) => Promise.resolve(calls.map(({ idempotency }) => (idempotency?.key === common ? hopeless : quote()))),
      send: () => {},
    });
    expect(await slow([call(common, 'b'), call(common), call(other)])).toEqual([
      { refused: refusal('unavailable') },
      { refused: refusal('unavailable') }, // whatever its twin says
      { orderId: expect.any(String) as string, replayed: false },
    ]);
    hold.commit();
    await first;
  });
});

describe('a call that may be accepted until a moment', () => {
  const until = (acceptUntilMs: number, key = newId()): orders.PlaceOrder => ({ ...call(key), acceptUntilMs });

  it('is not accepted when that is over, or will be before it can be, whatever its quote says; the others of its batch are', async () => {
    let now = 10_000;
    const accept = openAccepting({
      db: database.db,
      pace: defaultPace,
      clock: () => now,
      quote: (calls) => {
        now += 500;
        return Promise.resolve(calls.map(quote));
      },
      send: () => {},
    });
    const [inTime, late] = [until(11_000), until(10_700)];
    expect(await accept([until(9_000), inTime, late, until(0)])).toMatchObject([
      { refused: refusal('unavailable') },
      { replayed: false },
      { refused: refusal('unavailable') },
      { replayed: false },
    ]);
    now = 20_000;
    expect(await accept([inTime, late])).toMatchObject([{ replayed: true }, { refused: refusal('unavailable') }]); // a key's order is told at any time
  });

  it('is not accepted when that is over before the commit, and the others of its batch are', async () => {
    const [common, other] = [newId(), newId()];
    let now = 10_000;
    const hold = held(rivals[0] as Database);
    const slow = openAccepting({
      db: rivals[1] as Database,
      pace: defaultPace,
      clock: () => now,
      quote: (calls) => Promise.resolve(calls.map(quote)),
      send: () => {},
    });
    const first = instance({ db: hold.db }).accept(common);
    await hold.written;
    const second = slow([until(11_000, common), until(0, other)]);
    await waiting();
    now = 11_001;
    hold.fail(new Error('killed'));
    await expect(first).rejects.toThrow('killed');
    expect(await second).toMatchObject([{ refused: refusal('unavailable') }, { replayed: false }]);
    await expectWhole([other]);
  });
});

it('many rivals whose batches overlap in all ways place each key once', async () => {
  const keys = Array.from({ length: 40 }, newId);
  const instances = rivals.map((db) => instance({ db }));
  const answers = new Map<string, Set<string>>();
  for (let round = 0; round < 6; round++) {
    const fresh = Array.from({ length: 6 }, newId);
    await Promise.all(
      instances.map(async ({ accept }, n) => {
        const batch = [...keys.filter((_, index) => index <= (round + 1) * 6 && (index + n) % 3 !== 0), ...fresh.slice(n)];
        const order = n % 2 === 0 ? batch : batch.toReversed();
        for (const [index, accepted] of (await accept(...order)).entries()) {
          const key = order[index] as string;
          answers.set(key, (answers.get(key) ?? new Set()).add(idOf(accepted)));
        }
      }),
    );
  }
  const orderOf = await expectWhole([...answers.keys()]);
  for (const [key, ids] of answers) expect([...ids]).toEqual([orderOf.get(key)]);
  expect(instances.flatMap(({ sent }) => sent).sort()).toEqual([...orderOf.values()].sort());
});

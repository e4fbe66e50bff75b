import { openThings } from '../test/things.ts';
import { newId } from './ids.ts';
import { type Database, openDatabase } from './tx.ts';
import { openWriteOnce } from './write-once.ts';

const given = openThings('id CHAR(36) PRIMARY KEY, name VARCHAR(100) UNIQUE');

/** Makes a thing of each key that is mine, named after it, and answers the ids that belong to the keys. */
const maker = (on: Pick<Database, 'transaction'> = given.db) => {
  const writeOnce = openWriteOnce(on);
  let tries = 0;
  const make = (keys: readonly string[], { nameOf = (key: string) => key, beforeCommit = async (): Promise<void> => {} } = {}) => {
    const mine = keys.map((key) => ({ caller: 'u1', route: 'POST /things', key, fingerprint: 'f', effectId: newId() }));
    return writeOnce(mine, {
      write: async (tx, rows) => {
        tries += 1;
        const owners = [...rows.values()];
        const fresh = owners.filter(({ effectId }) => mine.some((each) => each.effectId === effectId));
        await tx.insert(
          'thing (id, name)',
          fresh.map(({ effectId, key }) => [effectId, nameOf(key)]),
        );
        return new Map(owners.map(({ key, effectId }) => [key, effectId]));
      },
      beforeCommit,
    });
  };
  return { make, tries: () => tries };
};
const things = async (): Promise<Map<string, string>> =>
  new Map((await given.db.query<{ id: string; name: string }>('SELECT id, name FROM thing')).map(({ id, name }) => [name, id]));
const keyCount = async (): Promise<number> => (await given.db.query('SELECT 1 FROM idempotency')).length;

it('writes once what is new, and again, knowing whose the keys are, where one is known', async () => {
  const { make, tries } = maker();
  const first = await make(['b', 'a']);
  expect(tries()).toBe(1);
  const second = await make(['c', 'b']);
  expect(tries()).toBe(3);
  expect(second.get('b')).toBe(first.get('b'));
  expect(await things()).toEqual(new Map([...first, ...second]));
  // Crowds of repeated calls are not written twice; one batch without any ends that.
  await make(['c', 'd']);
  expect(tries()).toBe(4);
  await make(['e']);
  await make(['f']);
  expect(tries()).toBe(6);
  await make(['f']);
  expect(tries()).toBe(8);
});

it('takes keys that differ in spaces at their end for one, as the columns do', async () => {
  const { make } = maker();
  const [id] = (await make(['k'])).values();
  expect([...(await make(['k '])).values()]).toEqual([id]);
});

it('counts for nothing how the effects of a known key failed', async () => {
  const { make } = maker();
  await make(['a']);
  // What the first try writes of "a" meets the name of the thing that is there.
  const again = await make(['a', 'b']);
  expect(await things()).toEqual(again);
});

it('is told of a duplicate that is none of a key, and leaves nothing', async () => {
  const { make, tries } = maker();
  await make(['a']);
  await expect(make(['b', 'c'], { nameOf: (key) => (key === 'c' ? 'a' : key) })).rejects.toMatchObject({ errno: 1062 });
  expect(tries()).toBe(2);
  expect([(await things()).size, await keyCount()]).toEqual([1, 1]);
});

it.each([['a'], ['b']])('leaves nothing, be %s new or known, when the last word before COMMIT is no', async (key) => {
  const { make } = maker();
  await make(['a']);
  const beforeCommit = () => Promise.reject(new Error('no'));
  await expect(make([key, 'c'], { beforeCommit })).rejects.toThrow('no');
  expect([(await things()).size, await keyCount()]).toEqual([1, 1]);
});

describe('rivals', () => {
  /** Until so many of their INSERTs of keys have been under way for several looks: they wait. */
  const waiting = async (n: number): Promise<void> => {
    for (let looks = 0; looks < 3; await new Promise((resolve) => setTimeout(resolve, 20))) {
      const under = await given.db.query("SELECT 1 FROM information_schema.processlist WHERE info LIKE 'INSERT INTO idempotency %'");
      looks = under.length === n ? looks + 1 : 0;
    }
  };
  /** A batch that has written its keys, and ends when it is told. */
  const holding = async (keys: readonly string[]) => {
    const [written, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const beforeCommit = (): Promise<void> => {
      written.resolve();
      return end.promise;
    };
    const made = maker().make(keys, { beforeCommit });
    await written.promise;
    return { made, commit: end.resolve, fail: () => end.reject(new Error('killed')) };
  };

  it('that wait get what was made when it is committed, however many they are', async () => {
    const first = await holding(['k', 'a']);
    const others = ['b', 'c', 'd', 'e'].map((other) => maker().make(['k', other]));
    await waiting(4);
    first.commit();
    const id = (await first.made).get('k');
    for (const other of others) expect((await other).get('k')).toBe(id);
    expect([(await things()).size, await keyCount()]).toEqual([6, 6]);
  });

  it('that wait make it, one of them, when it is rolled back, however many they are', async () => {
    const first = await holding(['k', 'a']);
    const others = ['b', 'c', 'd', 'e'].map((other) => maker().make(['k', other]));
    await waiting(4);
    first.fail();
    await expect(first.made).rejects.toThrow('killed');
    const made = await Promise.all(others);
    expect(new Set(made.map((each) => each.get('k'))).size).toBe(1);
    expect((await things()).get('k')).toBe(made[0]?.get('k'));
    expect([(await things()).size, await keyCount()]).toEqual([5, 5]);
  });

  it('whose batches name the same keys in any order make each thing once', async () => {
    const bases = [given.db, openDatabase(given.url), openDatabase(given.url)];
    const makers = Array.from({ length: 9 }, (_, n) => maker(bases[n % 3]));
    const told = new Map<string, Set<string>>();
    for (let round = 0; round < 8; round++) {
      const answers = await Promise.all(
        makers.map(({ make }, n) => {
          const keys = Array.from({ length: 12 }, (_, index) => `r${(n * 5 + index * 7) % 24 < 12 ? round : round + 1}k${index}`);
          return make(n % 2 === 0 ? keys : keys.toReversed());
        }),
      );
      for (const [key, id] of answers.flatMap((each) => [...each])) told.set(key, (told.get(key) ?? new Set()).add(id));
    }
    await Promise.all(bases.slice(1).map((each) => each.close()));
    const made = await things();
    expect(new Map([...told].map(([key, ids]) => [key, [...ids]]))).toEqual(new Map([...made].map(([key, id]) => [key, [id]])));
    expect(await keyCount()).toBe(made.size);
  });
});

import { common, inventory } from '@jumun/protos';
import { type Database, newId } from '@jumun/service-kit';
import { lostOnce } from '@jumun/testkit';
import { decode, encode } from '../src/codec.ts';
import { type OutCommand, type Participant, participant, type Payload } from '../src/index.ts';
import { commandMessage } from '../src/commands.ts';
import { claimStatement, type Delivery, deliveryOf, writeReplies } from '../src/inbox.ts';
import { openRounds } from '../src/round.ts';
import { COMMANDS, type Fixture, openFixture } from './fixture.ts';
import { recorded, type Sent } from './recorded.ts';
import { stockParticipant } from './stock-participant.ts';

// Rounds over the real database, without the broker that brings the commands: who meets whom, and when, is decided here.

let fixture: Fixture;
let db: Database;
beforeAll(async () => {
  fixture = await openFixture();
  ({ db } = fixture);
});
beforeEach(() => db.execute("REPLACE INTO stock (option_id, available) VALUES ('hot', 1000), ('other', 1000)"));
afterAll(() => fixture.close());

const STOCK = 1_000;
const available = async (optionId = 'hot'): Promise<number> =>
  (await db.query<{ available: number }>('SELECT available FROM stock WHERE option_id = ?', [optionId]))[0]!.available;
const inbox = (ids: readonly string[]) =>
  db.query<{ id: string; reply: string }>(
    'SELECT id, fingerprint, reply_type AS replyType, reply, created_at AS at FROM inbox WHERE id IN (?) ORDER BY id',
    [ids],
  );

const arrived = (id: string, payload: Payload, more: Partial<OutCommand> = {}): Delivery => {
  const command = { topic: COMMANDS, key: id, id, payload, issuedAt: new Date(1_790_000_000_000), ...more };
  const { key, value, headers } = encode(commandMessage(command), 'test');
  return deliveryOf(decode(COMMANDS, 0, 0n, { key: Buffer.from(String(key)), value, headers }));
};
const reserve = (orderId: string, quantity = 1): Delivery =>
  arrived(`${orderId}/reserve/1`, inventory.ReserveStock.fromPartial({ orderId, lines: [{ productId: 'p', optionId: 'hot', quantity }] }));
const release = (orderId: string): Delivery =>
  arrived(`${orderId}/release/1`, inventory.ReleaseStock.fromPartial({ orderId }), { undoes: `${orderId}/reserve/1` });
const orders = (count: number): string[] => Array.from({ length: count }, () => newId());

/** Takes units, and leaves no other trace by which it could be known when it comes again: nothing but the inbox stands behind it. */
const taker = participant<{ available: number }, inventory.ReserveStock, inventory.StockReserved>({
  load: async (tx) => {
    const [row] = await tx.query<{ available: number }>("SELECT available FROM stock WHERE option_id = 'hot' FOR UPDATE");
    return { available: row!.available };
  },
  decide: {
    'jumun.inventory.v1.ReserveStock': (state, { lines }) => {
      state.available -= lines[0]!.quantity;
      return { $type: 'jumun.inventory.v1.StockReserved' };
    },
  },
  save: async (tx, state) => void (await tx.execute("UPDATE stock SET available = ? WHERE option_id = 'hot'", [state.available])),
});

/** Reserves as the catalog does: of an order that has reserved before it is a bug to ask. */
const strict = (): ReturnType<typeof stockParticipant> => {
  const plain = stockParticipant();
  return {
    ...plain,
    decide: {
      ...plain.decide,
      'jumun.inventory.v1.ReserveStock': (book, command, meta) => {
        if (book.lines.has(command.orderId)) throw new Error('has reserved before');
        return plain.decide['jumun.inventory.v1.ReserveStock'](book, command, meta);
      },
    },
  };
};

const both: [name: string, optimistic: boolean][] = [
  ['locking', false],
  ['optimistic', true],
];

const isClaim = ({ sql }: Sent): boolean => sql.startsWith('INSERT IGNORE INTO inbox');
const isQuick = ({ sql }: Sent): boolean => sql.startsWith('INSERT INTO inbox (id, claim, fingerprint, reply_type, reply)');
const ofInbox = (sent: readonly Sent[]): Sent[] => sent.filter(({ sql }) => sql.includes('inbox') || sql.includes('SAVEPOINT'));

/** Rounds whose first load, once it is done, waits until `go` is called: what happens then happens between load and write. */
const heldAfterLoad = <S, C extends Payload, R extends Payload>(one: Participant<S, C, R>) => {
  const [loaded, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const load: typeof one.load = async (tx, commands, options) => {
    const state = await one.load(tx, commands, options);
    loaded.resolve();
    await gate.promise;
    return state;
  };
  return { one: { ...one, load }, loaded: loaded.promise, go: gate.resolve };
};

describe('a round of new commands', () => {
  it.each(both)('writes one inbox row a command and claims nothing: %s', async (_, optimistic) => {
    const { db: seen, sent } = recorded(db);
    const deliveries = orders(50).map((order) => reserve(order));
    const { verdicts } = await openRounds(seen, stockParticipant(optimistic))(deliveries);
    expect(ofInbox(sent)).toEqual([{ sql: 'INSERT INTO inbox (id, claim, fingerprint, reply_type, reply)', rows: 50 }]);
    expect(sent.filter(({ sql }) => sql.startsWith('SELECT'))).toHaveLength(2);
    expect(verdicts).toMatchObject({ duplicates: 0, idConflicts: [] });
    expect(await available()).toBe(STOCK - 50);
    const rows = await inbox(deliveries.map(({ id }) => id));
    const answered = deliveries.map(({ id, fingerprint }) => ({
      id,
      fingerprint,
      replyType: verdicts.answers.get(id)?.type,
      reply: verdicts.answers.get(id)?.value.toString('base64'),
      at: expect.any(Date),
    }));
    expect(rows).toEqual(answered.sort((a, b) => (a.id < b.id ? -1 : 1)));
  });

  it.each([
    ['an undo', (order: string) => [release(order)]],
    ['a command twice', (order: string) => [reserve(order), reserve(order)]],
    ['another command under the same id', (order: string) => [reserve(order), reserve(order, 2)]],
  ])('is careful from the start with %s among them', async (_, more) => {
    const { db: seen, sent } = recorded(db);
    await openRounds(seen, stockParticipant())([reserve(newId()), ...more(newId())]);
    expect(sent.filter(isQuick)).toEqual([]);
    expect(sent.filter(isClaim)).toHaveLength(1);
  });
});

describe('a batch that comes again', () => {
  it.each([
    ['with nothing but the inbox behind it', 1, taker as unknown as ReturnType<typeof stockParticipant>],
    ['with unique keys of its own', 1, stockParticipant()],
    ['whose decision throws at its own effect', 0, strict()],
    ['to an optimistic participant', 1, stockParticipant(true)],
  ])('hears its stored answers byte for byte, and has no second effect: %s', async (_, writesInVain, one) => {
    const deliveries = orders(50).map((order) => reserve(order, 2));
    const ids = deliveries.map(({ id }) => id);
    const first = await openRounds(db, one)(deliveries);
    const rows = await inbox(ids);
    const { db: seen, sent } = recorded(db);
    const again = await openRounds(seen, one)(deliveries);
    expect(sent.filter(isQuick)).toHaveLength(writesInVain); // it was taken for new, and the key of the inbox knew better
    expect(sent.filter(isClaim)).toHaveLength(1);
    expect(again).toMatchObject({ threw: new Map(), verdicts: { duplicates: 50, fresh: new Map(), idConflicts: [] } });
    expect(again.verdicts.answers).toEqual(first.verdicts.answers);
    expect(await inbox(ids)).toEqual(rows);
    expect(await available()).toBe(STOCK - 100);
  });

  it('of which one in fifty is known has the effects of the others', async () => {
    const known = reserve(newId());
    await openRounds(db, taker)([known]);
    const deliveries = orders(50).map((order) => reserve(order));
    deliveries[23] = known;
    const { verdicts } = await openRounds(db, taker)(deliveries);
    expect([verdicts.answers.size, verdicts.fresh.size, verdicts.duplicates]).toEqual([50, 49, 1]);
    expect(await available()).toBe(STOCK - 50);
  });

  it('as another command under its id is put aside', async () => {
    const order = newId();
    await openRounds(db, taker)([reserve(order)]);
    const other = reserve(order, 5);
    const { verdicts } = await openRounds(db, taker)([other, reserve(newId())]);
    expect([verdicts.idConflicts, verdicts.fresh.size]).toEqual([[other], 1]);
    expect(await available()).toBe(STOCK - 2);
  });

  it('after a failure is not taken for new; after a round of new ones the next is again', async () => {
    const { db: seen, sent } = recorded(db);
    const play = openRounds(seen, stockParticipant());
    const crowd = Array.from({ length: 4 }, () => orders(5).map((order) => reserve(order)));
    for (const deliveries of crowd) await play(deliveries);
    expect([sent.filter(isQuick).length, sent.filter(isClaim).length]).toEqual([4, 0]);
    for (const deliveries of crowd) await play(deliveries);
    expect([sent.filter(isQuick).length, sent.filter(isClaim).length]).toEqual([5, 4]);
    await play([reserve(newId())]);
    expect([sent.filter(isQuick).length, sent.filter(isClaim).length]).toEqual([5, 5]);
    await play([reserve(newId())]);
    expect([sent.filter(isQuick).length, sent.filter(isClaim).length]).toEqual([6, 5]);
  });
});

describe('a decision that throws', () => {
  it('is a failure only after a careful round, and keeps nobody else from being carried out', async () => {
    const bad = arrived(newId(), inventory.ReserveStock.fromPartial({ orderId: newId(), lines: [{ optionId: 'bug', quantity: 1 }] }));
    const { verdicts, threw } = await openRounds(db, stockParticipant())([reserve(newId()), bad, reserve(newId())]);
    expect([...threw]).toEqual([[bad.id, expect.stringContaining('a bug')]]);
    expect(verdicts.answers.get(bad.id)?.type).toBe(common.CommandFailed.$type);
    expect(await available()).toBe(STOCK - 2);
  });
});

describe('rivals over one command', () => {
  it('that is written by a careful one: it is waited for, and what it answered is answered', async () => {
    const delivery = reserve(newId());
    const held = heldAfterLoad(stockParticipant(true));
    const played = openRounds(db, held.one)([delivery]);
    await held.loaded;
    await db.transaction(async (rival) => {
      await rival.execute(...claimStatement([[delivery.id, delivery.fingerprint]], 'rival'));
      held.go();
      await fixture.db.query('SELECT SLEEP(0.2)'); // the other one's insert is on its way, and waits
      await writeReplies(rival, new Map([[delivery.id, { type: 'of.the.Rival', value: Buffer.from('rival') }]]));
    });
    const { verdicts } = await played;
    expect(verdicts.answers.get(delivery.id)).toEqual({ type: 'of.the.Rival', value: Buffer.from('rival') });
    expect(await available()).toBe(STOCK);
  });

  it('that is given up by the rival is carried out', async () => {
    const delivery = reserve(newId());
    const held = heldAfterLoad(stockParticipant(true));
    const played = openRounds(db, held.one)([delivery]);
    await held.loaded;
    const givenUp = db.transaction(async (rival) => {
      await rival.execute(...claimStatement([[delivery.id, delivery.fingerprint]], 'rival'));
      held.go();
      await fixture.db.query('SELECT SLEEP(0.2)');
      throw new Error('given up');
    });
    await expect(givenUp).rejects.toThrow('given up');
    expect((await played).verdicts).toMatchObject({ duplicates: 0 });
    expect(await available()).toBe(STOCK - 1);
  });

  it.each(both)('that both take for new: one effect, and the same answer twice: %s', async (_, optimistic) => {
    const deliveries = orders(20).map((order) => reserve(order));
    const held = heldAfterLoad(stockParticipant(optimistic));
    const one = openRounds(db, held.one)(deliveries);
    await held.loaded;
    const other = openRounds(db, stockParticipant(optimistic))([...deliveries].reverse());
    if (optimistic) await other; // else it waits for the locks of the first
    held.go();
    const [first, second] = await Promise.all([one, other]);
    expect(second.verdicts.answers).toEqual(first.verdicts.answers);
    expect(first.verdicts.duplicates + second.verdicts.duplicates).toBe(20);
    expect(await available()).toBe(STOCK - 20);
  });

  it.each(both)('and its undo, which comes between load and write: both end, and nothing stays reserved: %s', async (_, optimistic) => {
    const order = newId();
    const held = heldAfterLoad(stockParticipant(optimistic));
    const done = openRounds(db, held.one)([reserve(order)]);
    await held.loaded;
    const undone = openRounds(db, stockParticipant(optimistic))([release(order)]);
    if (optimistic) await undone;
    else await fixture.db.query('SELECT SLEEP(0.2)'); // it has claimed, and waits for the stock: a circle, as soon as the first one writes
    held.go();
    const [reserved, released] = [(await done).verdicts, (await undone).verdicts];
    expect(released.answers.get(`${order}/release/1`)?.type).toBe('jumun.inventory.v1.StockReleased');
    const possible = optimistic ? [common.Undone.$type] : [common.Undone.$type, 'jumun.inventory.v1.StockReserved'];
    expect(possible).toContain(reserved.answers.get(`${order}/reserve/1`)?.type);
    expect(await available()).toBe(STOCK);
    expect(await db.query('SELECT * FROM reserved WHERE order_id = ?', [order])).toEqual([]);
  });

  it.each(both)('and its undo, before it or after it: %s', async (_, optimistic) => {
    const [early, late] = [newId(), newId()];
    await openRounds(db, stockParticipant(optimistic))([release(early)]);
    const { verdicts } = await openRounds(db, stockParticipant(optimistic))([reserve(early), reserve(late)]);
    expect(verdicts.answers.get(`${early}/reserve/1`)?.type).toBe(common.Undone.$type);
    expect(await available()).toBe(STOCK - 1);
    await openRounds(db, stockParticipant(optimistic))([release(late)]);
    expect(await available()).toBe(STOCK);
    const again = await openRounds(db, stockParticipant(optimistic))([reserve(late)]);
    expect(again.verdicts.answers.get(`${late}/reserve/1`)?.type).toBe('jumun.inventory.v1.StockReserved');
    expect(await available()).toBe(STOCK);
  });
});

it('a round that has lost a lock is played again with care', async () => {
  const { db: seen, sent } = recorded(lostOnce(db, () => Promise.resolve()));
  const { verdicts } = await openRounds(seen, stockParticipant())([reserve(newId())]);
  expect(verdicts).toMatchObject({ duplicates: 0 });
  expect(ofInbox(sent).map((each) => [isQuick(each), isClaim(each)])).toEqual([
    [true, false],
    [false, true],
    [false, false],
  ]);
  expect(await available()).toBe(STOCK - 1);
});

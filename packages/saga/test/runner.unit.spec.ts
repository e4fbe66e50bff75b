import { begin, definitionsOf, keep, sagaRunner, saga as define, ask, StaleSagaError } from '../src/index.ts';
import type { Message, Progress, Reply, SagaChange, SagaRunner, SagaStore, TimelineEntry } from '../src/index.ts';
import { testPace, trip } from './driver.ts';
import { bookTrip, sellSeats } from './trip.ts';
import type { Trip } from './trip.ts';

/** A store as a database would be: writes become visible at the commit, and are lost without one. */
class MemoryStore implements SagaStore<Map<string, string>> {
  readonly rows = new Map<string, { rowVersion: number; progress: string }>();
  readonly locked: (readonly string[])[] = [];
  readonly timeline: TimelineEntry[] = [];
  transactions = 0;
  clock = 0;
  /** Called in the transaction, before the commit. */
  beforeCommit: () => void = () => undefined;
  /** Called when the writes are visible, and before the caller hears of it. */
  afterCommit: () => void = () => undefined;

  insert(progress: Progress): void {
    this.rows.set(progress.id, { rowVersion: 1, progress: JSON.stringify(progress) });
  }

  progress(id: string): Progress<Trip> {
    return JSON.parse(this.rows.get(id)!.progress) as Progress<Trip>;
  }

  async transaction<T>(work: (tx: Map<string, string>) => Promise<T>): Promise<T> {
    this.transactions++;
    const writes = new Map<string, string>();
    const result = await work(writes);
    this.beforeCommit();
    for (const [id, progress] of writes) this.rows.set(id, { rowVersion: this.rows.get(id)!.rowVersion + 1, progress });
    this.afterCommit();
    return result;
  }

  async lock(_: Map<string, string>, ids: readonly string[]) {
    this.locked.push(ids);
    const sagas = ids.flatMap((id) => {
      const row = this.rows.get(id);
      return row ? [{ id, rowVersion: row.rowVersion, progress: JSON.parse(row.progress) as Progress }] : [];
    });
    return { sagas, now: this.clock };
  }

  async now() {
    return this.clock;
  }

  async save(tx: Map<string, string>, changes: readonly SagaChange[]) {
    for (const { id, rowVersion, after, timeline } of changes) {
      if (this.rows.get(id)?.rowVersion !== rowVersion) throw new StaleSagaError(id);
      tx.set(id, JSON.stringify(after));
      this.timeline.push(...timeline);
    }
  }

  async due(limit: number) {
    const due = [...this.rows.keys()].filter((id) => (this.progress(id).nextAt ?? Infinity) <= this.clock);
    return due.slice(0, limit);
  }
}

interface World {
  readonly store: MemoryStore;
  readonly sent: string[][];
  readonly ended: string[];
  readonly runner: SagaRunner<Map<string, string>>;
}

const world = (definitions = definitionsOf(bookTrip)): World => {
  const store = new MemoryStore();
  const sent: string[][] = [];
  const ended: string[] = [];
  const runner = sagaRunner({
    store,
    definitions,
    pace: testPace,
    sweepSizeMax: 3,
    send: async (messages: readonly Message[]) => void sent.push(messages.map(({ commandId }) => commandId)),
    committed: (changes) => void ended.push(...changes.filter(({ end }) => end).map(({ id, end }) => `${id} ${end!.outcome}`)),
  });
  return { store, sent, ended, runner };
};

const accepted = (store: MemoryStore, ...ids: string[]): void => {
  for (const id of ids) store.insert(begin(bookTrip, id, trip, 0, testPace).progress);
};

const reply = (command: string, type: string, body: object = {}) => {
  const sagaId = command.slice(0, command.indexOf('/'));
  return { sagaId, input: { kind: 'reply' as const, commandId: command, reply: { $type: `trip.v1.${type}`, ...body } as Reply } };
};
const reserved = (id: string) => reply(`${id}/reserve.seats/1`, 'SeatsReserved');

test('a batch is one transaction over rows locked in id order, and one send after its commit', async () => {
  const { store, sent, runner } = world();
  accepted(store, 'b', 'a', 'c');
  store.beforeCommit = () => expect(sent).toEqual([]);
  const results = await runner.advance([reserved('c'), reserved('a'), reserved('b')]);
  expect(results.map(({ sagaId, verdict }) => [sagaId, verdict])).toEqual([
    ['c', 'applied'],
    ['a', 'applied'],
    ['b', 'applied'],
  ]);
  expect(store).toMatchObject({ transactions: 1, locked: [['a', 'b', 'c']] });
  expect(sent).toEqual([['a/guide.guide/1', 'b/guide.guide/1', 'c/guide.guide/1']]);
});

test('the inputs of one saga are folded in their order into one write; only what its last state wants is sent', async () => {
  const { store, sent, runner } = world();
  accepted(store, 'a');
  await runner.advance([reserved('a'), reply('a/guide.guide/1', 'GuideBooked', { guide: 'bo' })]);
  expect(store.rows.get('a')!.rowVersion).toBe(2);
  expect(store.progress('a')).toMatchObject({ stage: 'pay', data: { guide: 'bo' } });
  expect(sent).toEqual([['a/pay/1']]);
});

test('a reply that comes again after a crash between commit and send sends what is outstanding, and writes nothing', async () => {
  const { store, sent, runner } = world();
  accepted(store, 'a');
  await store.transaction((tx) => runner.moveWithin(tx, [reserved('a')]));
  expect(sent).toEqual([]);
  const [result] = await runner.advance([reserved('a')]);
  expect(result).toMatchObject({ verdict: 'stale' });
  expect(sent).toEqual([['a/guide.guide/1']]);
  expect(store.rows.get('a')!.rowVersion).toBe(2);
});

test('a reply that comes again sends nothing that is known to be out, and all that is not', async () => {
  let isBrokerAway = true;
  const store = new MemoryStore();
  const sent: string[] = [];
  const send = async (messages: readonly Message[]): Promise<void> => {
    if (isBrokerAway) throw new Error('no broker');
    sent.push(...messages.map(({ commandId }) => commandId));
  };
  const runner = sagaRunner({ store, definitions: definitionsOf(bookTrip), pace: testPace, send });
  accepted(store, 'a');
  await expect(runner.advance([reserved('a')])).rejects.toThrow('no broker');
  isBrokerAway = false;
  for (let times = 0; times < 3; times++) await runner.advance([reserved('a')]);
  expect(sent).toEqual(['a/guide.guide/1']);
});

test('a rollback sends nothing', async () => {
  const { store, sent, runner } = world();
  accepted(store, 'a');
  store.beforeCommit = () => {
    throw new Error('the database went away');
  };
  await expect(runner.advance([reserved('a')])).rejects.toThrow('went away');
  expect(sent).toEqual([]);
  expect(store.progress('a').stage).toBe('reserve');
});

test('somebody else was faster: the transaction is done again on what he wrote', async () => {
  const { store, runner } = world();
  accepted(store, 'a');
  const save = store.save.bind(store);
  let raced = false;
  store.save = async (tx, changes) => {
    if (!raced) store.rows.get('a')!.rowVersion++;
    raced = true;
    return save(tx, changes);
  };
  const [result] = await runner.advance([reserved('a')]);
  expect(result).toMatchObject({ verdict: 'applied' });
  expect(store.transactions).toBe(2);
});

test('the end is told once, with the transaction that brought it', async () => {
  const { store, ended, runner } = world();
  accepted(store, 'a', 'b');
  await runner.advance([reply('a/reserve.seats/1', 'NoSeats', { left: 0 }), reserved('b')]);
  await runner.advance([reply('a/reserve.seats/1', 'NoSeats', { left: 0 })]);
  expect(ended).toEqual(['a refused']);
});

test('an unknown saga, an unknown version and a function that throws leave the rest of the batch alone', async () => {
  const broken = define<Trip>('broken', { version: 1 })
    .pivot('pay', { ask: ask(sellSeats, ({ tripId }: Trip) => ({ tripId })), on: { SeatsSold: keep } })
    .ends({
      completed: () => {
        throw new Error('a bug');
      },
      refused: () => 'refused',
    });
  const { store, runner } = world(definitionsOf(bookTrip, broken));
  accepted(store, 'a', 'future');
  store.insert({ ...store.progress('future'), version: 9 });
  store.insert(begin(broken, 'bug', trip, 0, testPace).progress);
  const results = await runner.advance([reserved('nobody'), reserved('future'), reply('bug/pay/1', 'SeatsSold'), reserved('a')]);
  expect(results).toMatchObject([
    { sagaId: 'nobody', verdict: 'unknown-saga' },
    { sagaId: 'future', verdict: 'failed', error: { name: 'UnknownDefinitionError' } },
    { sagaId: 'bug', verdict: 'failed', error: { message: 'a bug' } },
    { sagaId: 'a', verdict: 'applied' },
  ]);
  expect(store.progress('bug').phase).toBe('running');
});

test('a sweep takes up all that is due, in batches, past those that cannot be moved, of which it tells', async () => {
  const { store, sent, runner } = world();
  const broken = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  accepted(store, ...broken, 'x', 'y', 'z');
  for (const id of broken) store.insert({ ...store.progress(id), version: 9 });
  expect(await runner.sweep()).toEqual({ moved: 0, failed: [] });
  store.clock = testPace.askAgainMs;
  const { moved, failed } = await runner.sweep();
  expect(moved).toBe(3);
  expect(failed.map(({ sagaId, error }) => [sagaId, error.name])).toEqual(broken.map((id) => [id, 'UnknownDefinitionError']));
  expect(sent.flat()).toEqual(['x/reserve.seats/1', 'y/reserve.seats/1', 'z/reserve.seats/1']);
  expect(store.progress('x').steps['reserve.seats']).toMatchObject({ asks: 2, attempt: 1 });
  expect(store.timeline.map(({ kind }) => kind)).toEqual(['asked-again', 'asked-again', 'asked-again']);
});

test('while nothing can be sent a sweep counts no silence; afterwards it sends what it could not, and goes on', async () => {
  let error: Error | undefined = new Error('no broker');
  const store = new MemoryStore();
  const sent: string[] = [];
  const send = async (messages: readonly Message[]): Promise<void> => {
    if (error !== undefined) throw error;
    sent.push(...messages.map(({ commandId }) => commandId));
  };
  const isAway = ({ message }: Error): boolean => message === 'no broker';
  const runner = sagaRunner({ store, definitions: definitionsOf(bookTrip), pace: testPace, send, isAway: (e) => isAway(e as Error) });
  accepted(store, 'a');
  const asks = () => store.progress('a').steps['reserve.seats'];
  for (let hours = 1; hours < 20; hours++) {
    store.clock = hours * 3_600_000;
    await expect(runner.sweep()).rejects.toThrow('no broker');
  }
  expect(asks()).toMatchObject({ state: 'asked', asks: 2 });
  error = undefined;
  expect(await runner.sweep()).toEqual({ moved: 1, failed: [] });
  expect(sent).toEqual(['a/reserve.seats/1', 'a/reserve.seats/1']);
  // What can never be sent must not stop the sweep for good.
  error = new Error('too large');
  for (let times = 1; times <= 2; times++) {
    accepted(store, 'b', 'c');
    await expect(runner.sweep()).rejects.toThrow('too large');
  }
  error = undefined;
  accepted(store, 'd');
  expect(await runner.sweep()).toEqual({ moved: 1, failed: [] });
});

test('two instances that sweep the same sagas ask once', async () => {
  const { store, sent, runner } = world();
  accepted(store, 'a');
  store.clock = testPace.askAgainMs;
  const ticks = [{ sagaId: 'a', input: { kind: 'tick' as const } }];
  await runner.advance(ticks);
  expect(await runner.advance(ticks)).toMatchObject([{ verdict: 'early' }]);
  expect(sent).toEqual([['a/reserve.seats/1']]);
});

/** Two instances over one store, of which the first has accepted `ids`. */
const twoInstances = (...ids: string[]) => {
  const { store, sent, runner: first } = world();
  accepted(store, ...ids);
  first.accepted(ids.map((id) => store.progress(id)));
  const second = sagaRunner({
    store,
    definitions: definitionsOf(bookTrip),
    pace: testPace,
    send: async (messages) => void sent.push(messages.map(({ commandId }) => commandId)),
  });
  return { store, sent, first, second };
};
const guided = (id: string) => reply(`${id}/guide.guide/1`, 'GuideBooked', { guide: 'bo' });
const debited = (id: string) => reply(`${id}/pay/1`, 'Debited', { at: 7 });
const sold = (id: string) => reply(`${id}/commit.seats/1`, 'SeatsSold');

describe('an instance that wrote a saga last', () => {
  test('moves it to its end without reading it, and what it did not write it reads', async () => {
    const { store, first } = twoInstances('a', 'c');
    accepted(store, 'b');
    await first.advance([reserved('c'), reserved('b'), reserved('a')]);
    for (const next of [guided, debited, sold]) await first.advance(['a', 'b', 'c'].map(next));
    expect(store.locked).toEqual([['b']]);
    expect(['a', 'b', 'c'].map((id) => store.progress(id).phase)).toEqual(['completed', 'completed', 'completed']);
    expect(store.rows.get('a')!.rowVersion).toBe(5);
    expect(await first.advance([sold('a')])).toMatchObject([{ verdict: 'stale' }]);
    expect(store.locked.slice(1)).toEqual([['a']]);
  });

  test('reads it once another has moved it, the whole batch, and moves it from there', async () => {
    const { store, sent, first, second } = twoInstances('a', 'b');
    await second.advance([reserved('a')]);
    expect(await first.advance([reserved('a'), guided('a'), reserved('b')])).toMatchObject([
      { verdict: 'stale' },
      { verdict: 'applied' },
      { verdict: 'applied' },
    ]);
    expect(store.locked).toEqual([['a'], ['a', 'b']]);
    expect(store.transactions).toBe(3);
    expect(['a', 'b'].map((id) => store.rows.get(id)!.rowVersion)).toEqual([3, 2]);
    expect(sent).toEqual([['a/guide.guide/1'], ['a/pay/1', 'b/guide.guide/1']]);
  });

  test('ignores no reply to what another has asked', async () => {
    const { store, first, second } = twoInstances('a');
    await second.advance([reserved('a')]);
    expect(await first.advance([guided('a')])).toMatchObject([{ verdict: 'applied' }]);
    expect(store.transactions).toBe(2);
    expect(store.progress('a')).toMatchObject({ stage: 'pay', data: { guide: 'bo' } });
  });

  test.each([
    ['a rollback', (store: MemoryStore) => (store.beforeCommit = lost)],
    ['a commit of which nobody knows', (store: MemoryStore) => (store.afterCommit = lost)],
  ])('reads it after %s', async (_, fail) => {
    const { store, first } = twoInstances('a', 'b');
    fail(store);
    await expect(first.advance([reserved('a'), reserved('b')])).rejects.toThrow('lost');
    expect(store.locked).toEqual([]);
    store.beforeCommit = store.afterCommit = () => undefined;
    await first.advance([reserved('a')]);
    expect(store.progress('a').stage).toBe('guide');
    await first.advance([guided('a'), reserved('b')]);
    expect(store.locked).toEqual([['a'], ['b']]);
  });

  test('reads it when the store plays the transaction again', async () => {
    const { store, first } = twoInstances('a');
    const transaction = store.transaction.bind(store) as MemoryStore['transaction'];
    store.transaction = async (work) => {
      await work(new Map()); // meets a deadlock
      return transaction(work);
    };
    await first.advance([reserved('a')]);
    expect(store.locked).toEqual([['a']]);
    expect(store.rows.get('a')!.rowVersion).toBe(2);
  });

  test('reads it for all that deadlines speak of, and where it is unknown', async () => {
    const { store, first } = twoInstances('a', 'b');
    store.rows.delete('b');
    await first.advance([{ sagaId: 'a', input: { kind: 'cancel', code: 'CANCELLED' } }]);
    await first.advance([{ sagaId: 'a', input: { kind: 'tick' } }]);
    expect(store.locked).toEqual([['a'], ['a']]);
    expect(await first.advance([reserved('b')])).toMatchObject([{ verdict: 'unknown-saga' }]);
  });

  test('answers no question before it was asked, by whatever clock', async () => {
    const { store, first } = twoInstances('a');
    store.clock = 40;
    await first.advance([reserved('a')]);
    store.clock = 20;
    await first.advance([guided('a')]);
    expect(store.timeline.filter(({ kind }) => kind === 'answered').map(({ at, ms }) => [at, ms])).toEqual([
      [40, 40],
      [40, 0],
    ]);
  });
});

const lost = (): never => {
  throw new Error('the connection was lost');
};

import type { Definitions } from './definitions.ts';
import { type Fold, type Folding, type Rules, type SagaResult, changeOf, fold, standing, theRules, toSend } from './fold.ts';
import type { Input } from './interpreter.ts';
import type { Message } from './message.ts';
import { defaultPace } from './pace.ts';
import type { Pace } from './pace.ts';
import type { Progress } from './progress.ts';
import { recent } from './recent.ts';
import { remembered } from './remembered.ts';
import { type SagaChange, type SagaStore, StaleSagaError, type StoredSaga } from './store.ts';

export interface RunnerOptions<Tx> {
  readonly store: SagaStore<Tx>;
  readonly definitions: Definitions;
  /** Sends a whole batch; rejects unless every message was acknowledged. Called after the commit. */
  readonly send: (messages: readonly Message[]) => Promise<void>;
  /**
   * Whether an error of `send` says that nothing can be sent now (default: none does). A sweep then asks nothing new before the messages that
   * met it are out: to ask again what nobody could hear would in time park every saga as unanswered.
   */
  readonly isAway?: (error: unknown) => boolean;
  /** Told of all changes after the commit, next to `send`: final events, waiting clients. A crash may swallow the call. */
  readonly committed?: (changes: readonly SagaChange[]) => Promise<void> | void;
  readonly pace?: Pace;
  /** Sagas that one sweep takes up in a transaction; a sweep goes on until fewer are due. Default 200: some 50 ms of locks. */
  readonly sweepSizeMax?: number;
}

export interface SagaInput {
  readonly sagaId: string;
  readonly input: Input;
}

/** What `moveWithin` did and `publish` has yet to tell. */
export interface Moved {
  /** One for each input, in their order. */
  readonly results: readonly SagaResult[];
  readonly changes: readonly SagaChange[];
  readonly messages: readonly Message[];
  /** How every saga of the batch stands once this is committed. */
  readonly sagas: readonly StoredSaga[];
}

/** What a sweep did. */
export interface Swept {
  readonly moved: number;
  /** Those that cannot be moved, and why. They stay due, and hold up no others: a person has to look. */
  readonly failed: readonly { readonly sagaId: string; readonly error: Error }[];
}

export interface SagaRunner<Tx> {
  /**
   * The one way a saga moves: fold the inputs in their order, save, commit, and only then send what the new state says. Replies move what this
   * runner wrote last itself without reading it again; all else is read and locked first.
   */
  advance(inputs: readonly SagaInput[]): Promise<readonly SagaResult[]>;
  /** The runner need not read what was accepted here. To be told after the commit (of row version 1), before the first commands are out. */
  accepted(sagas: readonly Progress[]): void;
  /** The part within a transaction, over locked rows, for callers that write more in the same one. `publish` must follow its commit. */
  moveWithin(tx: Tx, inputs: readonly SagaInput[]): Promise<Moved>;
  publish(moved: Moved): Promise<void>;
  /** Takes up every saga that is due, in batches. Any number of instances may sweep at once. */
  sweep(): Promise<Swept>;
}

const STALE_TRIES_MAX = 5;
/** Acknowledged commands that are remembered: seconds of them at the limit, some 5 MB. What is forgotten may be sent once more, which is safe. */
const SENT_MAX = 20_000;
/** Sagas in one of two generations of memory: of some 2 KB each 20 MB at most. Those that are under way at the limit are fewer by far. */
const REMEMBERED_MAX = 5_000;

const none: readonly StoredSaga[] = [];

/** The persistence-agnostic runner: batches of hundreds of inputs cost one transaction and one send. */
export const sagaRunner = <Tx>(
  { store, definitions, send, isAway = () => false, committed, pace = defaultPace, sweepSizeMax = 200 }: RunnerOptions<Tx>,
  rules: Rules = theRules,
): SagaRunner<Tx> => {
  const memory = remembered(REMEMBERED_MAX);
  const sent = recent(SENT_MAX);
  const folding: Folding = { rules, definitions, pace, sent };
  /** What met a broker that is away, the latest of it; none once anything has been sent again. */
  let unsent: readonly Message[] = [];

  /** Takes these sagas out of memory. Time itself and what people want is judged by the row, for deadlines are. */
  const takeKnown = (inputs: readonly SagaInput[]): readonly StoredSaga[] =>
    inputs.every(({ input }) => input.kind === 'reply')
      ? [...new Set(inputs.map(({ sagaId }) => sagaId))].flatMap((id) => memory.take(id) ?? [])
      : none;

  /** Folds what is known, as far as its write will prove it, and what the rows say of all others. */
  const foldAll = async (tx: Tx, bySaga: ReadonlyMap<string, Input[]>, known: readonly StoredSaga[]): Promise<Map<string, Fold>> => {
    const folds = new Map<string, Fold>();
    const play = (sagas: readonly StoredSaga[], now: number): Fold[] =>
      sagas.map((saga) => fold(saga, bySaga.get(saga.id) ?? [], now, folding));
    if (known.length > 0) {
      for (const folded of play(known, await store.now(tx)))
        if (folded.results.every(({ verdict }) => rules.isProvedByWrite(verdict))) folds.set(folded.saga.id, folded);
    }
    const toRead = [...bySaga.keys()].filter((id) => !folds.has(id)).sort();
    if (toRead.length === 0) return folds;
    const { sagas, now } = await store.lock(tx, toRead);
    for (const folded of play(sagas, now)) folds.set(folded.saga.id, folded);
    return folds;
  };

  const move = async (tx: Tx, inputs: readonly SagaInput[], known: readonly StoredSaga[]): Promise<Moved> => {
    const bySaga = inputsBySaga(inputs);
    const folds = await foldAll(tx, bySaga, known);
    const changes: SagaChange[] = [];
    const messages: Message[] = [];
    const sagas: StoredSaga[] = [];
    for (const id of [...bySaga.keys()].sort()) {
      const folded = folds.get(id);
      if (folded === undefined) continue;
      const change = changeOf(folded);
      if (change !== null) changes.push(change);
      messages.push(...toSend(folded));
      sagas.push(standing(folded));
    }
    if (changes.length > 0) await store.save(tx, changes);
    const results = inputs.map(({ sagaId }): SagaResult => folds.get(sagaId)?.results.shift() ?? { sagaId, verdict: 'unknown-saga' });
    return { results, changes, messages, sagas };
  };

  const sendAll = async (messages: readonly Message[]): Promise<void> => {
    try {
      await send(messages);
    } catch (error) {
      if (isAway(error)) unsent = messages;
      throw error;
    }
    unsent = [];
    for (const { commandId } of messages) sent.add(commandId);
  };

  const publish = async ({ messages, changes, sagas }: Moved): Promise<void> => {
    for (const saga of sagas) memory.keep(saga);
    await Promise.all([messages.length > 0 ? sendAll(messages) : undefined, changes.length > 0 ? committed?.(changes) : undefined]);
  };

  const advanceAll = async (inputs: readonly SagaInput[]): Promise<readonly SagaResult[]> => {
    if (inputs.length === 0) return [];
    let known = takeKnown(inputs);
    const moved = await retryStale(() =>
      store.transaction((tx) => {
        // For one try: whatever makes it fail, a rival, a deadlock or a lost connection, the next one reads and locks every row.
        const once = known;
        known = none;
        return move(tx, inputs, once);
      }),
    );
    await publish(moved);
    return moved.results;
  };

  const sweep = async (): Promise<Swept> => {
    if (unsent.length > 0) await sendAll(unsent);
    let moved = 0;
    const failed: { sagaId: string; error: Error }[] = [];
    /** Looked at, and not moved: the store would name them first each time. */
    const passed = new Set<string>();
    for (;;) {
      const due = await store.due(sweepSizeMax + passed.size);
      const ids = due.filter((id) => !passed.has(id)).slice(0, sweepSizeMax);
      for (const result of await advanceAll(ids.map((sagaId) => ({ sagaId, input: { kind: 'tick' } })))) {
        if (result.verdict === 'applied') moved += 1;
        else passed.add(result.sagaId);
        if (result.verdict === 'failed') failed.push(result);
      }
      if (ids.length < sweepSizeMax) return { moved, failed };
    }
  };

  return {
    advance: advanceAll,
    accepted: (sagas) => {
      for (const progress of sagas) memory.keep({ id: progress.id, rowVersion: 1, progress });
    },
    moveWithin: (tx, inputs) => move(tx, inputs, none),
    publish,
    sweep,
  };
};

const inputsBySaga = (inputs: readonly SagaInput[]): Map<string, Input[]> => {
  const bySaga = new Map<string, Input[]>();
  for (const { sagaId, input } of inputs) {
    const others = bySaga.get(sagaId);
    if (others === undefined) bySaga.set(sagaId, [input]);
    else others.push(input);
  }
  return bySaga;
};

const retryStale = async <T>(work: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StaleSagaError) || tries === STALE_TRIES_MAX) throw error;
    }
  }
};

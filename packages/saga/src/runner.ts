import type { Definitions } from './definitions.ts';
import { advance, endOf, messagesOf } from './interpreter.ts';
import type { Input, SagaEnd, Verdict } from './interpreter.ts';
import { isOutstandingCommand } from './message.ts';
import type { Message } from './message.ts';
import { defaultPace } from './pace.ts';
import type { Pace } from './pace.ts';
import type { Progress, TimelineEntry } from './progress.ts';
import { type Recent, recent } from './recent.ts';

/** A saga as it is stored. */
export interface StoredSaga {
  readonly id: string;
  /** Of the row: rises with each write. */
  readonly rowVersion: number;
  readonly progress: Progress;
}

/** What one transaction did to a saga. */
export interface SagaChange {
  readonly id: string;
  /** The row version that was read: written `WHERE row_version = …`, and raised by one. */
  readonly rowVersion: number;
  readonly before: Progress;
  readonly after: Progress;
  readonly timeline: readonly TimelineEntry[];
  /** Set in the transaction that ends the saga, and only there. */
  readonly end: SagaEnd | null;
}

/** Where sagas are kept. The runner's transactions are the only ones that write progress after a saga was accepted. */
export interface SagaStore<Tx> {
  /** Commits when `work` is done, rolls back when it throws; may call it again after a deadlock. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Locks the rows of these ids (sorted, without repetition), and reads the database's clock, in epoch milliseconds. */
  lock(tx: Tx, ids: readonly string[]): Promise<{ readonly sagas: readonly StoredSaga[]; readonly now: number }>;
  /** Writes all changes, or throws `StaleSagaError` if a row version is not the one that was read. */
  save(tx: Tx, changes: readonly SagaChange[]): Promise<void>;
  /**
   * Ids of the sagas whose `nextAt` has passed by the database's clock, the longest overdue first. A store may keep an earlier time to look
   * than that, and correct it here.
   */
  due(limit: number): Promise<readonly string[]>;
}

/** Somebody else wrote the saga since it was read: the transaction is done again. */
export class StaleSagaError extends Error {
  override readonly name = 'StaleSagaError';
}

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

/** What became of one input. `failed`: a definition is unknown or a function of it threw; the saga was left as it was. */
export type SagaResult =
  | { readonly sagaId: string; readonly verdict: Verdict; readonly progress: Progress }
  | { readonly sagaId: string; readonly verdict: 'unknown-saga' }
  | { readonly sagaId: string; readonly verdict: 'failed'; readonly progress: Progress; readonly error: Error };

/** What `moveWithin` did and `publish` has yet to tell. */
export interface Moved {
  /** One for each input, in their order. */
  readonly results: readonly SagaResult[];
  readonly changes: readonly SagaChange[];
  readonly messages: readonly Message[];
}

/** What a sweep did. */
export interface Swept {
  readonly moved: number;
  /** Those that cannot be moved, and why. They stay due, and hold up no others: a person has to look. */
  readonly failed: readonly { readonly sagaId: string; readonly error: Error }[];
}

export interface SagaRunner<Tx> {
  /** The one way a saga moves: lock, fold the inputs in their order, save, commit, and only then send what the new state says. */
  advance(inputs: readonly SagaInput[]): Promise<readonly SagaResult[]>;
  /** The part within a transaction, for callers that write more in the same one. `publish` must follow its commit. */
  moveWithin(tx: Tx, inputs: readonly SagaInput[]): Promise<Moved>;
  publish(moved: Moved): Promise<void>;
  /** Takes up every saga that is due, in batches. Any number of instances may sweep at once. */
  sweep(): Promise<Swept>;
}

const staleTriesMax = 5;
/** Acknowledged commands that are remembered: seconds of them at the limit, some 5 MB. What is forgotten may be sent once more, which is safe. */
const sentMax = 20_000;

/** The persistence-agnostic runner: batches of hundreds of inputs cost one transaction and one send. */
export const sagaRunner = <Tx>({
  store,
  definitions,
  send,
  isAway = () => false,
  committed,
  pace = defaultPace,
  sweepSizeMax = 200,
}: RunnerOptions<Tx>): SagaRunner<Tx> => {
  const sent = recent(sentMax);
  /** What met a broker that is away, the latest of it; none once anything has been sent again. */
  let unsent: readonly Message[] = [];

  const moveWithin = async (tx: Tx, inputs: readonly SagaInput[]): Promise<Moved> => {
    const ids = [...new Set(inputs.map(({ sagaId }) => sagaId))].sort();
    const { sagas, now } = await store.lock(tx, ids);
    const folds = new Map(sagas.map((saga) => [saga.id, openFold(saga)]));
    const results = inputs.map(({ sagaId, input }): SagaResult => {
      const fold = folds.get(sagaId);
      return fold ? step(fold, input, definitions, now, pace, sent) : { sagaId, verdict: 'unknown-saga' };
    });
    const changes: SagaChange[] = [];
    const messages: Message[] = [];
    for (const fold of folds.values()) {
      if (fold.progress !== fold.saga.progress) changes.push(changeOf(fold));
      messages.push(...toSend(fold));
    }
    if (changes.length > 0) await store.save(tx, changes);
    return { results, changes, messages };
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

  const publish = async ({ messages, changes }: Moved): Promise<void> => {
    await Promise.all([messages.length > 0 ? sendAll(messages) : undefined, changes.length > 0 ? committed?.(changes) : undefined]);
  };

  const advanceAll = async (inputs: readonly SagaInput[]): Promise<readonly SagaResult[]> => {
    if (inputs.length === 0) return [];
    const moved = await retryStale(() => store.transaction((tx) => moveWithin(tx, inputs)));
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

  return { advance: advanceAll, moveWithin, publish, sweep };
};

interface Fold {
  readonly saga: StoredSaga;
  progress: Progress;
  end: SagaEnd | null;
  /** By command id: of a command that was asked twice in one fold, one message is enough. */
  readonly messages: Map<string, Message>;
  readonly timeline: TimelineEntry[];
}

const openFold = (saga: StoredSaga): Fold => ({ saga, progress: saga.progress, end: null, messages: new Map(), timeline: [] });

/** One input. Whatever a definition's own functions throw stays with this saga: the rest of the batch goes on. */
const step = (fold: Fold, input: Input, definitions: Definitions, now: number, pace: Pace, sent: Recent): SagaResult => {
  const sagaId = fold.saga.id;
  const before = fold.progress;
  try {
    const definition = definitions.find(before.saga, before.version);
    const { progress, verdict, messages, timeline } = advance(definition, before, input, now, pace);
    const end = progress === before ? fold.end : endOf(definition, progress);
    // A repeated reply is how a crash between commit and send shows itself: whatever is outstanding is sent again, unless it is known to
    // be out. Else each reply that comes twice would ask everything after it twice, and a backlog would feed itself.
    const toSend = verdict === 'stale' ? messagesOf(definition, progress).filter(({ commandId }) => !sent.has(commandId)) : messages;
    for (const message of toSend) fold.messages.set(message.commandId, message);
    fold.timeline.push(...timeline);
    fold.progress = progress;
    fold.end = end;
    return { sagaId, verdict, progress };
  } catch (error) {
    return { sagaId, verdict: 'failed', progress: before, error: error instanceof Error ? error : new Error(String(error)) };
  }
};

const changeOf = ({ saga, progress, timeline, end }: Fold): SagaChange => ({
  id: saga.id,
  rowVersion: saga.rowVersion,
  before: saga.progress,
  after: progress,
  timeline,
  end,
});

/** Of all messages of the fold, those that its last state still wants: an input may have settled what an earlier one asked. */
const toSend = ({ progress, messages }: Fold): readonly Message[] =>
  messages.size === 0 ? [] : [...messages.values()].filter(({ commandId }) => isOutstandingCommand(progress, commandId));

const retryStale = async <T>(work: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StaleSagaError) || tries === staleTriesMax) throw error;
    }
  }
};

import { faultPoint } from './fault-point.ts';
import { newId } from './ids.ts';
import { ANSWER, claimStatement, FORGET, READ } from './idempotency-statements.ts';
import type { Database, Tx } from './tx.ts';

/** Which call an effect belongs to. An empty key means that the caller gave none. */
export interface IdempotencyKey {
  readonly caller: string;
  /** Method and path. */
  readonly route: string;
  readonly key: string;
  /** SHA-256 of the canonical body, in hex. */
  readonly fingerprint: string;
}

/** What became of a call: its effect (now, or replayed from an earlier call with the same key), or a refusal that changed nothing. */
export type Outcome<Effect, Refusal> = { readonly effect: Effect; readonly replayed: boolean } | { readonly refused: Refusal };

/** A call that is to be decided now; `effectId` names what it will make. */
export interface FreshCall<Call> {
  readonly call: Call;
  readonly effectId: string;
}

/** Keeps what is to be done once the transaction is committed. It must not throw: the effects are there. */
export type AfterCommit = (then: () => void) => void;

/** How an effect is stored to be answered again. */
export interface Codec<Effect> {
  readonly encode: (effect: Effect) => string;
  readonly decode: (stored: string) => Effect;
}

/** A generated message as its protocol has it in JSON. */
export const jsonCodec = <Message>(type: { toJSON(message: Message): unknown; fromJSON(json: unknown): Message }): Codec<Message> => ({
  encode: (message) => JSON.stringify(type.toJSON(message)),
  decode: (stored) => type.fromJSON(JSON.parse(stored)),
});

export interface OnceOptions<Call, Effect, Refusal> {
  readonly keyOf: (call: Call) => IdempotencyKey | undefined;
  /**
   * Decides and writes, in the transaction that also keeps the keys; one result a call, in order. A try that lost a lock is decided anew or,
   * if a rival made the effects meanwhile, not at all. So what is to be told of them is handed to `afterCommit`, which does it of the try
   * that was committed, and of no other.
   */
  readonly run: (
    tx: Tx,
    calls: readonly FreshCall<Call>[],
    afterCommit: AfterCommit,
  ) => Promise<(Effect | { readonly refused: Refusal })[]>;
  readonly codec: Codec<Effect>;
  /** The key was used with another body. */
  readonly reused: Refusal;
  /** The key is in use by another body at this very moment. */
  readonly inProgress: Refusal;
}

export interface KeyRow extends IdempotencyKey {
  readonly effectId: string;
  readonly answer: string | null;
}

/** Equal for equal keys of one caller and route. Spaces at the end do not count, since they do not for the columns. */
export const idempotencyName = ({ caller, route, key }: IdempotencyKey): string => `${caller}\n${route}\n${key.trimEnd()}`;

const [CALLER, ROUTE, KEY, FINGERPRINT] = [/^[\x21-\x7e]{1,36}$/, /^[\x21-\x7e ]{1,160}$/, /^[\x20-\x7e]{1,255}$/, /^[\x21-\x7e]{1,64}$/];

/** A key that its columns cannot hold would fail the whole batch that it is in, so it fails alone. */
const checkKey = ({ caller, route, key, fingerprint }: IdempotencyKey): void => {
  if (!CALLER.test(caller) || !ROUTE.test(route) || !KEY.test(key) || !FINGERPRINT.test(fingerprint))
    throw new TypeError(
      'an idempotency key is 1 to 255 printable ASCII characters, of a caller with an id, on a route, with a fingerprint',
    );
};

/** The key that a call carries; undefined when its caller gave none. Throws for one that cannot be stored. */
export const usableKey = (key: IdempotencyKey | undefined): IdempotencyKey | undefined => {
  if (key === undefined || key.key === '') return undefined;
  checkKey(key);
  return key;
};

/** Sorted, so that two batches lock their keys in the same order. */
const inOrder = <Key extends IdempotencyKey>(keys: readonly Key[]): Key[] =>
  [...keys].sort((a, b) => (idempotencyName(a) < idempotencyName(b) ? -1 : 1));

const sortedKeys = (keys: readonly IdempotencyKey[]): string =>
  JSON.stringify(inOrder(keys).map(({ caller, route, key }) => [caller, route, key]));

/** What is stored of the given keys, by `idempotencyName`. */
export const findKeys = async (
  db: Pick<Tx, 'query'>,
  keys: readonly IdempotencyKey[],
  { lock = false } = {},
): Promise<Map<string, KeyRow>> => {
  if (keys.length === 0) return new Map();
  const rows = await db.query<KeyRow>(lock ? `${READ} FOR UPDATE` : READ, [sortedKeys(keys)]);
  return new Map(rows.map((row) => [idempotencyName(row), row]));
};

/** A key and the effect that is to be its own. */
export type KeyOfEffect = IdempotencyKey & { readonly effectId: string };

/** Keys as the statements that write them take them. */
export const keyRows = (keys: readonly KeyOfEffect[]): string[][] =>
  inOrder(keys).map(({ caller, route, key, fingerprint, effectId }) => [caller, route, key, fingerprint, effectId]);

/**
 * Claims keys for effects that this transaction will make, and answers whose they are now: mine where `effectId` is the given one. Waits for
 * rivals that hold the same keys.
 */
export const claimKeys = (tx: Tx, keys: readonly KeyOfEffect[]): Promise<Map<string, KeyRow>> => {
  if (keys.length > 0) void tx.execute(...claimStatement(keyRows(keys)));
  return findKeys(tx, keys, { lock: true });
};

/** Throws unless each key's row was there to take its answer: without it the call could never be answered again. */
const keepAnswers = async (tx: Tx, answers: readonly string[][]): Promise<void> => {
  const { affectedRows } = await tx.execute(ANSWER, [JSON.stringify(answers)]);
  if (affectedRows !== answers.length) throw new Error(`of ${answers.length} answers, ${affectedRows} found the key that they belong to`);
};

/** What became of a key, or of a call without one: it was decided now, or the row was there before. */
type Decision<Effect, Refusal> = Outcome<Effect, Refusal> | { readonly known: KeyRow };

/** What a key that was there before answers to a call: its effect again to the same body, to another a refusal. */
const answerOf = <Call, Effect, Refusal>(
  { fingerprint, answer }: KeyRow,
  asked: string | undefined,
  { codec, reused }: OnceOptions<Call, Effect, Refusal>,
): Outcome<Effect, Refusal> => {
  if (fingerprint !== asked) return { refused: reused };
  // The effect is there, but how it was answered is not: a bug, and nothing that the caller could have done otherwise.
  if (answer === null) throw new Error('an idempotency key is stored without its answer');
  return { effect: codec.decode(answer), replayed: true };
};

type Keyed<Call> = FreshCall<Call> & { readonly key: IdempotencyKey | undefined };

/** One transaction: claim the keys, decide the calls that are new, keep their answers, and leave no trace of a refusal. */
const decideOnce = async <Call, Effect, Refusal>(
  tx: Tx,
  calls: readonly Keyed<Call>[],
  { run, codec }: OnceOptions<Call, Effect, Refusal>,
  afterCommit: AfterCommit,
): Promise<Decision<Effect, Refusal>[]> => {
  const keyed = calls.flatMap(({ key, effectId }) => (key === undefined ? [] : [{ ...key, effectId }]));
  const rows = await claimKeys(tx, keyed);
  const rowOf = ({ key }: Keyed<Call>): KeyRow | undefined => {
    if (key === undefined) return undefined;
    const row = rows.get(idempotencyName(key));
    // Without its row an effect could be repeated, so it must not happen at all.
    if (row === undefined) throw new Error('an idempotency key was claimed, but is not there');
    return row;
  };
  const fresh = calls.filter((call) => (rowOf(call)?.effectId ?? call.effectId) === call.effectId);
  const results = fresh.length === 0 ? [] : await run(tx, fresh, afterCommit);
  const decided = new Map(fresh.map(({ effectId }, index) => [effectId, results[index]]));

  const answers: string[][] = [];
  const refusedKeys: IdempotencyKey[] = [];
  const decisions = calls.map((call): Decision<Effect, Refusal> => {
    const row = rowOf(call);
    if (row !== undefined && row.effectId !== call.effectId) return { known: row };
    const result = decided.get(call.effectId);
    const refused = typeof result === 'object' && result !== null && 'refused' in result;
    if (call.key !== undefined && refused) refusedKeys.push(call.key);
    else if (call.key !== undefined) answers.push([call.key.caller, call.key.route, call.key.key, codec.encode(result as Effect)]);
    return refused ? (result as { refused: Refusal }) : { effect: result as Effect, replayed: false };
  });
  if (refusedKeys.length > 0) void tx.execute(FORGET, [sortedKeys(refusedKeys)]);
  if (answers.length > 0) await keepAnswers(tx, answers);
  return decisions;
};

/**
 * Runs a batch of calls in one transaction so that a key stands for at most one effect, also for twins in the batch, rival processes and
 * calls after a crash: the key's row exists only with its effect.
 */
export const onceEach = async <Call, Effect, Refusal>(
  db: Database,
  calls: readonly Call[],
  options: OnceOptions<Call, Effect, Refusal>,
): Promise<Outcome<Effect, Refusal>[]> => {
  const leaders: Keyed<Call>[] = [];
  const byName = new Map<string, number>();
  const placeOf = calls.map((call) => {
    const key = usableKey(options.keyOf(call));
    const known = key === undefined ? undefined : byName.get(idempotencyName(key));
    if (known !== undefined) return known;
    if (key !== undefined) byName.set(idempotencyName(key), leaders.length);
    return leaders.push({ call, key, effectId: newId() }) - 1;
  });
  /** Twins were decided as one, their first: the leader. What was known before is judged by each call's own body. */
  const outcomeOf = (call: Call, place: number, decision: Decision<Effect, Refusal>): Outcome<Effect, Refusal> => {
    const leader = leaders[place] as Keyed<Call>;
    const fingerprint = options.keyOf(call)?.fingerprint;
    if ('known' in decision) return answerOf(decision.known, fingerprint, options);
    if (leader.call === call) return decision;
    const same = fingerprint === leader.key?.fingerprint;
    if ('refused' in decision) return same ? decision : { refused: options.inProgress };
    return same ? { ...decision, replayed: true } : { refused: options.reused };
  };
  const { outcomes, committed } = await db.transaction(async (tx) => {
    const steps: (() => void)[] = []; // of this try alone
    const decisions = await decideOnce(tx, leaders, options, (then) => void steps.push(then));
    const answers = calls.map((call, index) => {
      const place = placeOf[index] as number;
      return outcomeOf(call, place, decisions[place] as Decision<Effect, Refusal>);
    });
    await faultPoint('once:written-not-committed');
    return { outcomes: answers, committed: steps };
  });
  await faultPoint('once:committed-not-answered');
  for (const then of committed) then();
  return outcomes;
};

export interface OneCall<Effect, Refusal> extends Pick<OnceOptions<never, Effect, Refusal>, 'codec' | 'reused' | 'inProgress'> {
  readonly key: IdempotencyKey | undefined;
  /** As that of a batch, of one call: makes the effect that `effectId` names. */
  readonly run: (tx: Tx, effectId: string, afterCommit: AfterCommit) => Promise<Effect | { readonly refused: Refusal }>;
}

/** The same for a call that comes alone. */
export const once = async <Effect, Refusal>(
  db: Database,
  { key, run, ...more }: OneCall<Effect, Refusal>,
): Promise<Outcome<Effect, Refusal>> => {
  const [outcome] = await onceEach<IdempotencyKey | undefined, Effect, Refusal>(db, [key], {
    ...more,
    keyOf: (call) => call,
    run: (tx, calls, afterCommit) => Promise.all(calls.map(({ effectId }) => run(tx, effectId, afterCommit))),
  });
  return outcome as Outcome<Effect, Refusal>;
};

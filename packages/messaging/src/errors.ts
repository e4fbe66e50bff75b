import { isTransient, textOf, TransientError } from '@jumun/service-kit';

/** Thrown by a participant's `save` when a rival changed what `load` had read without a lock: the round is played again, with locks. */
export class OptimisticConflict extends Error {
  override readonly name = 'OptimisticConflict';
}

/** A partition was asked for that the topic does not have. */
export class UnknownPartitionError extends Error {
  override readonly name = 'UnknownPartitionError';
}

const TOO_LARGE: ReadonlySet<string> = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);
const OF_THE_TOPIC: ReadonlySet<string> = new Set(['INVALID_TOPIC_EXCEPTION', 'TOPIC_AUTHORIZATION_FAILED']);
const DEFINITE: ReadonlySet<string> = new Set([...TOO_LARGE, ...OF_THE_TOPIC, 'INVALID_RECORD']);

interface KafkaErrorLike {
  readonly type?: unknown;
  readonly name?: unknown;
  readonly cause?: unknown;
}

/** True when the error, or what caused it, is one of these answers of a broker. */
const isOne = (answers: ReadonlySet<string>, error: unknown, depth = 0): boolean => {
  if (typeof error !== 'object' || error === null || depth > 5) return false;
  const { type, cause } = error as KafkaErrorLike;
  return (typeof type === 'string' && answers.has(type)) || isOne(answers, cause, depth + 1);
};

/** True when the broker will refuse the same messages every time. */
const isDefinite = (error: unknown): boolean => error instanceof UnknownPartitionError || isOne(DEFINITE, error);

/** True when a message, or several sent together, have more bytes than the topic takes. */
export const isTooLarge = (error: unknown): boolean => isOne(TOO_LARGE, error);

/** True when it is for what a message is, not for where it goes, that it cannot be sent, every time. */
export const isOfOneMessage = (error: unknown): boolean => !isTransient(error) && !isOne(OF_THE_TOPIC, error);

/** A broker that has just started reads its groups' offsets before it lets anybody join. */
const LOADING: ReadonlySet<string> = new Set(['GROUP_LOAD_IN_PROGRESS']);

/** True when a group cannot be joined yet, since its coordinator is still loading: nothing is wrong. */
export const isStillLoading = (error: unknown): boolean => isOne(LOADING, error);

/** What went wrong with a send, as an error of which everybody can tell whether it may work later. */
export const sendError = (error: unknown): unknown =>
  error instanceof TransientError || isDefinite(error)
    ? error
    : new TransientError(`send: ${textOf(error)}`, { cause: error, outcomeUnknown: true });

/** Marks an error as one to be waited out, although by itself it does not look like it. */
export const transientFrom = (cause: unknown): TransientError => new TransientError(textOf(cause), { cause });

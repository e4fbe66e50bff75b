import { backoffMs, isTransient, type Logger, sleep } from '@jumun/service-kit';
import type { Arrival } from './arrivals.ts';
import type { ConsumeOptions } from './bus.ts';
import { deadLetter, originOf } from './dead-letter.ts';
import type { EncodedMessage, InMessage } from './message.ts';

export interface WorkerParts {
  readonly group: string;
  readonly logger: Logger;
  readonly handle: ConsumeOptions['handle'];
  readonly sendEncoded: (messages: readonly EncodedMessage[]) => Promise<void>;
}

/** A message that fails alone gets this many tries before it is put aside. */
const LONE_ATTEMPTS_MAX = 2;

/**
 * Gets a batch done whatever it takes: transient errors are waited out, what nobody can read or carry out becomes a dead letter.
 * Resolves to false when the signal ended it before that.
 */
export const patientWorker = ({ group, logger, handle, sendEncoded }: WorkerParts) => {
  /** Again and again until it works or the signal says that it is no longer ours. Other than transient errors are thrown. */
  const patiently = async (what: (attempt: number) => Promise<void>, signal: AbortSignal): Promise<boolean> => {
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        await what(attempt);
        return true;
      } catch (err) {
        if (!isTransient(err)) throw err;
        if (attempt === 1 || attempt % 10 === 0) logger.warn({ err, group, attempt }, 'a batch failed for now; trying it again');
        await sleep(backoffMs(attempt, { baseMs: 20, capMs: 2_000 }), signal);
      }
    }
    return false;
  };

  const putAside = (arrivals: readonly Arrival[], signal: AbortSignal): Promise<boolean> => {
    const letters = arrivals.map((arrival) => deadLetter(arrival, { group, attempts: 1, error: arrival.problem }));
    for (const { topic, partition, offset, problem } of arrivals)
      logger.error({ group, topic, partition, offset: String(offset), problem }, 'a record cannot be read: dead letter');
    return patiently(() => sendEncoded(letters), signal);
  };

  const bury = (message: InMessage, error: unknown, signal: AbortSignal): Promise<boolean> => {
    const letter = deadLetter(originOf(message), { group, attempts: LONE_ATTEMPTS_MAX, error });
    logger.error({ err: error, group, topic: message.topic, id: message.id }, 'a message cannot be worked on: dead letter');
    return patiently(() => sendEncoded([letter]), signal);
  };

  const workOn = async (batch: InMessage[], signal: AbortSignal, loneAttempt = 1): Promise<boolean> => {
    try {
      return await patiently((attempt) => handle(batch, { attempt, signal }), signal);
    } catch (error) {
      if (batch.length > 1) {
        const middle = batch.length >>> 1;
        return (await workOn(batch.slice(0, middle), signal)) && (await workOn(batch.slice(middle), signal));
      }
      return loneAttempt < LONE_ATTEMPTS_MAX ? workOn(batch, signal, loneAttempt + 1) : bury(batch[0]!, error, signal);
    }
  };

  return async (items: readonly Arrival[], signal: AbortSignal): Promise<boolean> => {
    const unread = items.filter(({ message }) => message === undefined);
    if (unread.length > 0 && !(await putAside(unread, signal))) return false;
    const batch = items.flatMap(({ message }) => message ?? []);
    return batch.length === 0 || workOn(batch, signal);
  };
};

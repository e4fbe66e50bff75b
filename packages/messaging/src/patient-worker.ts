import { backoffMs, isTransient, type Logger, sleep } from '@jumun/service-kit';
import type { Arrival } from './arrivals.ts';
import type { ConsumeOptions } from './bus.ts';
import { deadLetter, originOf } from './dead-letter.ts';
import type { EncodedMessage, InMessage, RawRecord } from './message.ts';

export interface WorkerParts {
  readonly group: string;
  readonly logger: Logger;
  readonly handle: ConsumeOptions['handle'];
  readonly sendEncoded: (messages: readonly EncodedMessage[]) => Promise<void>;
}

export interface PatientWorker {
  /** Resolves to false when the signal ended it before everything was done. Never rejects. */
  work(items: readonly Arrival[], signal: AbortSignal): Promise<boolean>;
  /** True while what is in hand fails for a reason that time alone may not heal: somebody should look. */
  isStuck(): boolean;
}

/** A message that fails alone gets this many tries before it is put aside. */
const LONE_ATTEMPTS_MAX = 2;

/** Between rounds that fail as none should. */
const STUCK_PAUSE = { baseMs: 200, capMs: 5_000 };

/**
 * Gets a batch done whatever it takes: transient errors are waited out, what nobody can read or carry out becomes a dead letter. Where even
 * that is refused, the whole round is tried again: nothing may be lost or skipped.
 */
export const patientWorker = ({ group, logger, handle, sendEncoded }: WorkerParts): PatientWorker => {
  /** Again and again until it works or the signal says that it is no longer ours. Other than transient errors are thrown. */
  const patiently = async (what: () => Promise<void>, signal: AbortSignal): Promise<boolean> => {
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        await what();
        return true;
      } catch (err) {
        if (!isTransient(err)) throw err;
        if (attempt === 1 || attempt % 10 === 0) logger.warn({ err, group, attempt }, 'a batch failed for now; trying it again');
        await sleep(backoffMs(attempt, { baseMs: 20, capMs: 2_000 }), signal);
      }
    }
    return false;
  };

  /** Whose dead letters are out: a round that is tried again leaves them alone. */
  const aside = new WeakSet<RawRecord>();
  const sendLetters = async (letters: readonly EncodedMessage[], raws: readonly RawRecord[], signal: AbortSignal): Promise<boolean> => {
    const sent = await patiently(() => sendEncoded(letters), signal);
    if (sent) for (const raw of raws) aside.add(raw);
    return sent;
  };

  const putAside = (arrivals: readonly Arrival[], signal: AbortSignal): Promise<boolean> => {
    const letters = arrivals.map((arrival) => deadLetter(arrival, { group, attempts: 1, error: arrival.problem }));
    for (const { topic, partition, offset, problem } of arrivals)
      logger.error({ group, topic, partition, offset: String(offset), problem }, 'a record cannot be read: dead letter');
    return sendLetters(
      letters,
      arrivals.map(({ raw }) => raw),
      signal,
    );
  };

  const bury = (message: InMessage, error: unknown, signal: AbortSignal): Promise<boolean> => {
    const letter = deadLetter(originOf(message), { group, attempts: LONE_ATTEMPTS_MAX, error });
    logger.error({ err: error, group, topic: message.topic, id: message.id }, 'a message cannot be worked on: dead letter');
    return sendLetters([letter], [message.raw], signal);
  };

  const workOn = async (batch: InMessage[], signal: AbortSignal, loneAttempt = 1): Promise<boolean> => {
    try {
      return await patiently(() => handle(batch), signal);
    } catch (error) {
      if (batch.length > 1) {
        const middle = batch.length >>> 1;
        return (await workOn(batch.slice(0, middle), signal)) && (await workOn(batch.slice(middle), signal));
      }
      return loneAttempt < LONE_ATTEMPTS_MAX ? workOn(batch, signal, loneAttempt + 1) : bury(batch[0]!, error, signal);
    }
  };

  const round = async (items: readonly Arrival[], signal: AbortSignal): Promise<boolean> => {
    const left = items.filter(({ raw }) => !aside.has(raw));
    const unread = left.filter(({ message }) => message === undefined);
    if (unread.length > 0 && !(await putAside(unread, signal))) return false;
    const batch = left.flatMap(({ message }) => message ?? []);
    return batch.length === 0 || workOn(batch, signal);
  };

  let failures = 0;
  const work = async (items: readonly Arrival[], signal: AbortSignal): Promise<boolean> => {
    let done: boolean | undefined;
    for (failures = 0; done === undefined && !signal.aborted;) {
      try {
        done = await round(items, signal);
      } catch (err) {
        failures++;
        logger.error({ err, group, failures, messages: items.length }, 'a batch can be neither done nor put aside; trying it again');
        await sleep(backoffMs(failures, STUCK_PAUSE), signal);
      }
    }
    failures = 0;
    return done ?? false;
  };

  return { work, isStuck: () => failures > 0 };
};

import { allEnded, type Database, faultPoint, isTransient } from '@jumun/service-kit';
import { type Delivery, insertAnswered } from './inbox.ts';
import type { Payload } from './message.ts';
import type { Participant } from './participant.ts';
import { decideBy, judge, type Verdicts } from './verdicts.ts';

/** A quick round was played on an assumption that does not hold, or that is not worth another try. */
class NotQuick extends Error {}

/** False where it is plain that these are not all new commands which claim nothing but themselves: an undo claims its do's id too. */
export const mayBeNew = (deliveries: readonly Delivery[]): boolean =>
  deliveries.every(({ undoes }) => undoes === undefined) && new Set(deliveries.map(({ id }) => id)).size === deliveries.length;

/**
 * A round on the assumption that nobody has seen its commands: load, decide, write; the inbox's primary key, in the one go of the writes, is
 * the proof. Until that key is inserted nothing is known: a command may have had its effect before, or in a rival while this round was
 * loading, and `decide` may see its own effect, and throw. But none of that can be committed, or leaves this function.
 *
 * Undefined where anything but the state of the servers was in the way: only a careful round knows what it was and what to answer. So it is
 * too when a lock was lost. Rows are locked before the inbox here and after it in careful rounds, so two that are over one command at once may
 * wait for each other in a circle; careful rounds all lock in one order, so that cannot go on.
 */
export const playQuickly = async <State, C extends Payload, R extends Payload>(
  db: Database,
  participant: Participant<State, C, R>,
  deliveries: readonly Delivery[],
): Promise<Verdicts | undefined> => {
  let isFirstTry = true;
  try {
    return await db.transaction(async (tx) => {
      if (!isFirstTry) throw new NotQuick('a lock was lost');
      isFirstTry = false;
      const commands = deliveries.map(({ message }) => message.payload as C);
      const state = await participant.load(tx, commands, { lock: participant.optimistic !== true });
      await faultPoint('inbox:loaded-not-decided');

      const verdicts = judge(deliveries, new Map(), new Map(), decideBy(participant, state));
      if (verdicts.thrown.size > 0) throw new NotQuick('decide threw');
      // The inbox first: participants that have locked nothing yet then lock in the order of a careful round.
      await allEnded([insertAnswered(tx, deliveries, verdicts.fresh), participant.save(tx, state)]);
      await faultPoint('inbox:written-not-committed');
      return verdicts;
    });
  } catch (error) {
    if (isTransient(error)) throw error;
    return undefined;
  }
};

import type { Database } from '@jumun/service-kit';
import { playCarefully, type Round } from './careful-round.ts';
import type { Delivery } from './inbox.ts';
import { carefulRounds } from './metrics.ts';
import type { Payload } from './message.ts';
import type { Participant } from './participant.ts';
import { mayBeNew, playQuickly } from './quick-round.ts';

/**
 * Plays the rounds of a participant, one after another: as if its commands were new, which nearly all are, and with care where that turns out
 * wrong. Commands that come twice come in crowds, after a crash or a rebalance; so a round that has failed, or has met known commands, is
 * followed by careful ones until one has met none. A crowd costs one quick round in vain.
 */
export const openRounds = <State, C extends Payload, R extends Payload>(
  db: Database,
  participant: Participant<State, C, R>,
): ((deliveries: readonly Delivery[]) => Promise<Round>) => {
  let claimFirst = false;
  return async (deliveries) => {
    const isQuick = !claimFirst && mayBeNew(deliveries);
    claimFirst = true; // also when what follows fails: it may have been committed without our hearing of it
    const verdicts = isQuick ? await playQuickly(db, participant, deliveries) : undefined;
    if (isQuick && verdicts === undefined) carefulRounds.inc();
    const round = verdicts === undefined ? await playCarefully(db, participant, deliveries) : { verdicts, threw: new Map() };
    claimFirst = round.verdicts.duplicates > 0;
    return round;
  };
};

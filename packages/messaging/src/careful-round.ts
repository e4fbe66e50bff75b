import { randomUUID } from 'node:crypto';
import { allEnded, type Database, faultPoint, type Tx } from '@jumun/service-kit';
import { OptimisticConflict } from './errors.ts';
import { claimsOf, claimStatement, type Delivery, type InboxRow, READ_OTHERS, writeReplies } from './inbox.ts';
import type { Payload } from './message.ts';
import type { Participant } from './participant.ts';
import { decideBy, judge, type Verdicts } from './verdicts.ts';

/** What a round has come to. */
export interface Round {
  readonly verdicts: Verdicts;
  /** What `decide` threw, by the ids of the commands that were therefore answered with `CommandFailed`. */
  readonly threw: ReadonlyMap<string, string>;
}

/** Some commands made `decide` throw. What they may have left in the state is not to be trusted, so the round is played without them. */
class DecideThrew extends Error {
  readonly reasons: ReadonlyMap<string, string>;
  constructor(reasons: ReadonlyMap<string, string>) {
    super('decide threw');
    this.reasons = reasons;
  }
}

const byId = (rows: readonly InboxRow[]): Map<string, InboxRow> => new Map(rows.map((row) => [row.id, row]));

const NO_FAILURES: ReadonlyMap<string, string> = new Map();

/** Claims, and reads what others have claimed before: nothing, as a rule. The claim goes out before this first awaits. */
const claim = async (tx: Tx, deliveries: readonly Delivery[]): Promise<Map<string, InboxRow>> => {
  const token = randomUUID();
  const claims = claimsOf(deliveries);
  const { affectedRows } = await tx.execute(...claimStatement(claims, token));
  if (affectedRows === claims.length) return new Map();
  return byId(await tx.query<InboxRow>(READ_OTHERS, [claims.map(([id]) => id), token]));
};

const write = async <State, C extends Payload, R extends Payload>(
  tx: Tx,
  { save }: Participant<State, C, R>,
  state: State,
  { fresh }: Verdicts,
): Promise<void> => {
  if (fresh.size > 0) await allEnded([save(tx, state), writeReplies(tx, fresh)]);
};

/**
 * One transaction: claim, lock, decide, write and answer, all or nothing, in three goes. COMMIT is the third. The claim comes first: what is
 * loaded behind it holds every effect that these commands have had, and they can have no other until this transaction ends.
 */
const playOnce = <State, C extends Payload, R extends Payload>(
  db: Database,
  participant: Participant<State, C, R>,
  deliveries: readonly Delivery[],
  condemned: ReadonlyMap<string, string>,
): Promise<Verdicts> =>
  db.transaction(async (tx) => {
    const commands = deliveries.map(({ message }) => message.payload as C);
    // Async, so that a `load` that throws at once still leaves its neighbours awaited.
    const load = async (lock: boolean): Promise<State> => participant.load(tx, commands, { lock });
    const optimistic = participant.optimistic === true;

    const claimed = claim(tx, deliveries);
    if (optimistic) void tx.execute('SAVEPOINT claimed');
    const [others, loaded] = await Promise.all([claimed, load(!optimistic)]);
    await faultPoint('inbox:loaded-not-decided');

    const decideAndWrite = async (state: State): Promise<Verdicts> => {
      const verdicts = judge(deliveries, others, condemned, decideBy(participant, state));
      if (verdicts.thrown.size > 0) throw new DecideThrew(verdicts.thrown);
      await write(tx, participant, state, verdicts);
      return verdicts;
    };

    let verdicts: Verdicts;
    try {
      verdicts = await decideAndWrite(loaded);
    } catch (error) {
      if (!optimistic || !(error instanceof OptimisticConflict)) throw error;
      void tx.execute('ROLLBACK TO SAVEPOINT claimed');
      verdicts = await decideAndWrite(await load(true));
    }
    await faultPoint('inbox:written-not-committed');
    return verdicts;
  });

/** Plays a round whatever is known of its commands, until no `decide` throws; those that did are answered with `CommandFailed` and have no effect. */
export const playCarefully = async <State, C extends Payload, R extends Payload>(
  db: Database,
  participant: Participant<State, C, R>,
  deliveries: readonly Delivery[],
): Promise<Round> => {
  let condemned = NO_FAILURES;
  for (;;) {
    try {
      return { verdicts: await playOnce(db, participant, deliveries, condemned), threw: condemned };
    } catch (error) {
      if (!(error instanceof DecideThrew)) throw error;
      condemned = new Map([...condemned, ...error.reasons]);
    }
  }
};

/**
 * Ends a command that the database refuses every time: its `CommandFailed`, and what `alongside` writes, in one transaction. Unless it has
 * been answered meanwhile.
 */
export const condemn = (db: Database, delivery: Delivery, reason: string, alongside: (tx: Tx) => Promise<unknown>): Promise<Verdicts> =>
  db.transaction(async (tx) => {
    const others = await claim(tx, [delivery]);
    const verdicts = judge([delivery], others, new Map([[delivery.id, reason]]), () => {
      throw new Error('a condemned command is not decided');
    });
    if (verdicts.fresh.has(delivery.id)) await Promise.all([writeReplies(tx, verdicts.fresh), alongside(tx)]);
    return verdicts;
  });

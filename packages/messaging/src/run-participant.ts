import { type Database, faultPoint, isTransient, type Logger, textOf, type Tx } from '@jumun/service-kit';
import { INBOX_RETENTION_MS } from '@jumun/protos';
import type { Bus, Consumer } from './bus.ts';
import { cloudEventHeaders } from './codec.ts';
import { deadLetter, originOf } from './dead-letter.ts';
import { isTooLarge, transientFrom } from './errors.ts';
import { condemn, type Round } from './careful-round.ts';
import { type Answer, COMMAND_ID, type Delivery, deliveryOf, type InboxRow, READ_ANSWERED, storedAnswer } from './inbox.ts';
import type { EncodedMessage, InMessage, Payload } from './message.ts';
import { inboxDuplicates } from './metrics.ts';
import { openOutbox, type Outbox } from './outbox.ts';
import type { Participant } from './participant.ts';
import { openRounds } from './round.ts';
import type { Verdicts } from './verdicts.ts';

export interface RunParticipantOptions<State, C extends Payload, R extends Payload> {
  readonly bus: Bus;
  readonly db: Database;
  readonly logger: Logger;
  readonly group: string;
  /** Where the commands come from. */
  readonly topic: string;
  readonly repliesTopic: string;
  readonly participant: Participant<State, C, R>;
  /** Carries dead letters out; one of its own by default. */
  readonly outbox?: Outbox;
  /** Most commands in one transaction (default 200: larger ones hold their rows longer than they save). */
  readonly batchSizeMax?: number;
  /** How long the broker waits for a sign of life before it gives the partitions to others, in ms (default 30,000; the broker's least is 6,000). */
  readonly sessionTimeoutMs?: number;
  /** How often the offsets of answered commands are committed, in ms (default 1,000). What a crash leaves uncommitted is answered again. */
  readonly commitIntervalMs?: number;
}

const BATCH_SIZE_MAX = 200;
/** An older command that the inbox does not know may have run and been forgotten: it is never executed. */
const AGE_MAX_MS = INBOX_RETENTION_MS / 2;

/** What is put aside without a look into the inbox, and why. */
type Condemned = readonly [message: InMessage, problem: string];

const replyTo = (delivery: Delivery, { type, value }: Answer, topic: string, source: string, time: string): EncodedMessage => {
  const { message, id } = delivery;
  const hint = message.headers['jumun_reply_partition'];
  return {
    topic,
    key: message.key,
    partitionHint: hint !== undefined && /^\d{1,6}$/.test(hint) ? Number(hint) : undefined,
    value,
    headers: cloudEventHeaders({ id: `${id}/reply`, type, source, time }, message.traceparent, { jumun_command_id: id }),
  };
};

/**
 * Carries out the commands of a topic: each has one effect and one answer, however often it arrives. Inbox row, effect and answer are committed
 * together; only then the answer is sent, and only when the broker has it the command counts as done.
 */
export const runParticipant = async <State, C extends Payload, R extends Payload>(
  options: RunParticipantOptions<State, C, R>,
): Promise<Consumer> => {
  const { bus, db, logger, group, topic, repliesTopic, participant } = options;
  const outbox = options.outbox ?? openOutbox({ db, bus, logger });
  if (options.outbox === undefined) outbox.start();
  const playRound = openRounds(db, participant);

  const lettersMade = new WeakMap<InMessage, EncodedMessage>();
  /** Logged and counted once a message, however often its batch is tried again. */
  const letter = (message: InMessage, error: unknown, attempts = 1): EncodedMessage => {
    const made = lettersMade.get(message);
    if (made !== undefined) return made;
    logger.error({ group, id: message.id, type: message.type, problem: String(error) }, 'a command cannot be carried out: dead letter');
    const fresh = deadLetter(originOf(message), { group, attempts, error });
    lettersMade.set(message, fresh);
    return fresh;
  };

  /**
   * Their commands were carried out, and become no dead letters because nobody may write to the replies' topic: that is waited out. Only what
   * is too large belongs to one of them.
   */
  const sendReplies = async (replies: readonly EncodedMessage[]): Promise<void> => {
    try {
      await bus.sendEncoded(replies);
    } catch (error) {
      throw isTransient(error) || isTooLarge(error) ? error : transientFrom(error);
    }
  };

  const send = async (deliveries: readonly Delivery[], { answers, idConflicts, duplicates }: Verdicts): Promise<void> => {
    await faultPoint('inbox:committed-not-answered');
    if (duplicates > 0) inboxDuplicates.inc({ group }, duplicates);
    const time = new Date().toISOString();
    const [replies, letters]: [EncodedMessage[], EncodedMessage[]] = [[], []];
    const rejected = new Set(idConflicts);
    for (const delivery of deliveries) {
      const answer = answers.get(delivery.id);
      if (rejected.has(delivery)) letters.push(letter(delivery.message, 'another command is known under this id'));
      else if (answer !== undefined) replies.push(replyTo(delivery, answer, repliesTopic, bus.clientId, time));
    }
    await sendReplies(replies);
    await bus.sendEncoded(letters);
    await faultPoint('inbox:answered-not-marked');
  };

  /** A definite error of the database is followed to the one command that causes it. */
  const carryOut = async (deliveries: readonly Delivery[]): Promise<void> => {
    if (deliveries.length === 0) return;
    let round: Round;
    try {
      round = await playRound(deliveries);
    } catch (error) {
      if (isTransient(error)) throw error;
      const middle = deliveries.length >>> 1;
      if (middle === 0) return condemnOne(deliveries[0]!, error);
      logger.warn({ err: error, group, commands: deliveries.length }, 'a batch failed for good; looking for the command that causes it');
      await carryOut(deliveries.slice(0, middle));
      return carryOut(deliveries.slice(middle));
    }
    for (const [id, reason] of round.threw)
      logger.error({ group, id, reason }, 'a decision threw; the command is answered with CommandFailed');
    await send(deliveries, round.verdicts);
  };

  const condemnOne = async (delivery: Delivery, error: unknown): Promise<void> => {
    const reason = textOf(error);
    let verdicts: Verdicts;
    try {
      // Only where it has not been answered meanwhile.
      const alongside = (tx: Tx): Promise<unknown> => outbox.addEncoded(tx, [letter(delivery.message, error, 2)]);
      verdicts = await condemn(db, delivery, reason.slice(0, 500), alongside);
    } catch (cause) {
      // Not even the inbox can be written: that is not the command's fault, so it stays where it is.
      throw isTransient(cause) ? cause : transientFrom(cause);
    }
    await send([delivery], verdicts);
  };

  /**
   * Too old for the inbox to know for certain whether they ran: they are answered if they did, and never executed. Resolves to those that are
   * to be put aside.
   */
  const replay = async (deliveries: readonly Delivery[]): Promise<Condemned[]> => {
    if (deliveries.length === 0) return [];
    const rows = await db.query<InboxRow>(READ_ANSWERED, [deliveries.map(({ id }) => id)]);
    const known = new Map(rows.map((row) => [row.id, row]));
    const verdicts: Verdicts = { answers: new Map(), fresh: new Map(), idConflicts: [], thrown: new Map(), duplicates: 0 };
    const condemned: Condemned[] = [];
    for (const delivery of deliveries) {
      const row = known.get(delivery.id);
      const answer = row && storedAnswer(row);
      if (row === undefined || answer === undefined) condemned.push([delivery.message, 'older than half of what the inbox remembers']);
      else if ((row.fingerprint ?? delivery.fingerprint) !== delivery.fingerprint) verdicts.idConflicts.push(delivery);
      else verdicts.answers.set(delivery.id, answer);
    }
    await send(deliveries, verdicts);
    return condemned;
  };

  const problemOf = ({ id, type, headers }: InMessage): string | undefined => {
    if (!Object.hasOwn(participant.decide, type)) return `no command of ours: ${type}`;
    if (!COMMAND_ID.test(id)) return 'a command id of more than 64 or of other than printable ASCII characters';
    const undoes = headers['jumun_undoes'];
    return undoes !== undefined && !COMMAND_ID.test(undoes) ? 'jumun_undoes is no command id' : undefined;
  };

  const handle = async (batch: InMessage[]): Promise<void> => {
    const oldest = Date.now() - AGE_MAX_MS;
    const condemned: Condemned[] = [];
    const [live, old]: [Delivery[], Delivery[]] = [[], []];
    for (const message of batch) {
      const problem = problemOf(message);
      if (problem !== undefined) condemned.push([message, problem]);
      else (message.time.getTime() < oldest ? old : live).push(deliveryOf(message));
    }
    await carryOut(live);
    condemned.push(...(await replay(old)));
    // Last of all: what comes before may fail for now, and be done again for as long as that lasts.
    await bus.sendEncoded(condemned.map(([message, problem]) => letter(message, problem)));
  };

  const { batchSizeMax = BATCH_SIZE_MAX, sessionTimeoutMs, commitIntervalMs } = options;
  const consumer = await bus.consume({ group, topics: [topic], batchSizeMax, sessionTimeoutMs, commitIntervalMs, handle });
  if (options.outbox !== undefined) return consumer;
  return {
    ...consumer,
    stop: async () => {
      await consumer.stop();
      await outbox.stop();
    },
  };
};

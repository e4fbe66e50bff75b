import { INBOX_RETENTION_MS, type UnknownMessage } from '@jumun/protos';
import { type Database, faultPoint, isTransient, type Logger } from '@jumun/service-kit';
import { bisect } from '../kafka/bisect.ts';
import { duplicates } from '../kafka/metrics.ts';
import type { Bus, Consumer, InMessage, OutMessage } from '../kafka/types.ts';
import { type Command, sortDeliveries } from './deliveries.ts';
import type { Participant } from './participant.ts';
import { condemn, playRound } from './round.ts';
import type { Verdict } from './verdicts.ts';

export interface RunParticipantOptions<State, C extends UnknownMessage, R extends UnknownMessage> {
  readonly bus: Bus;
  readonly db: Database;
  readonly group: string;
  /** Where the commands come from. */
  readonly topic: string;
  readonly repliesTopic: string;
  readonly participant: Participant<State, C, R>;
  /** Most commands in one transaction (default 200: some 20 ms of row locks). */
  readonly batchSizeMax?: number;
  /** Commands older than half of it, and not in the inbox, are never executed (default: as the topics' table has it). */
  readonly inboxRetentionMs?: number;
  readonly logger: Logger;
}

const BATCH_SIZE_MAX = 200;

const replyTo = (delivery: InMessage, payload: UnknownMessage, topic: string): OutMessage => ({
  topic,
  key: delivery.key,
  id: `${delivery.id}/reply`,
  payload,
  commandId: delivery.id,
  partitionHint: delivery.replyPartition,
  traceparent: delivery.traceparent,
});

const reasonOf = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : String(error));

/** Carries out a batch. When it resolves, every command has its one effect, and every delivery its answer or its dead letter. */
export const participantHandler = <State, C extends UnknownMessage, R extends UnknownMessage>(
  options: RunParticipantOptions<State, C, R>,
): ((batch: readonly InMessage[]) => Promise<void>) => {
  const { bus, db, group, participant, repliesTopic, inboxRetentionMs = INBOX_RETENTION_MS, logger } = options;
  const types: ReadonlySet<string> = new Set(Object.keys(participant.decide));

  /** Commits what can be committed; the answers to it are not sent yet. */
  const settle = async (commands: readonly Command[]): Promise<readonly Verdict[]> => {
    const verdicts: Verdict[] = [];
    await bisect(
      commands,
      async (some) => {
        const judged = await db.transaction((tx) => playRound(tx, participant, some));
        verdicts.push(...judged);
      },
      async (command, error) => {
        logger.error({ err: error, group, command: command.message.id }, 'a command cannot be carried out');
        const bury = (): Promise<void> => bus.deadLetter(command.message, group, reasonOf(error));
        verdicts.push(await db.transaction((tx) => condemn(tx, command, error, bury)));
      },
      (error) => !isTransient(error),
    );
    return verdicts;
  };

  const answersIn = (verdicts: readonly Verdict[]): readonly OutMessage[] => {
    const answers: OutMessage[] = [];
    let repeated = 0;
    for (const verdict of verdicts) {
      if (verdict.kind === 'rejected') continue;
      const { deliveries } = verdict.command;
      for (const delivery of deliveries) answers.push(replyTo(delivery, verdict.reply, repliesTopic));
      repeated += verdict.kind === 'repeated' ? deliveries.length : deliveries.length - 1;
    }
    if (repeated > 0) duplicates.inc({ group }, repeated);
    return answers;
  };

  return async (batch) => {
    const { commands, rejected } = sortDeliveries(batch, types, Date.now() - inboxRetentionMs / 2);
    for (const { message, reason } of rejected) await bus.deadLetter(message, group, reason);
    if (commands.length === 0) return;
    const verdicts = await settle(commands);
    await faultPoint('inbox:committed-not-answered');
    for (const verdict of verdicts) if (verdict.kind === 'rejected') await bus.deadLetter(verdict.command.message, group, verdict.reason);
    await bus.send(answersIn(verdicts));
    await faultPoint('inbox:answered-not-marked');
  };
};

/**
 * Carries out the commands of a topic: each has one effect and one answer, however often it comes. Claim, effect and answer are committed
 * together; then the answer is sent; and only when the brokers have it, the command counts as done.
 */
export const runParticipant = <State, C extends UnknownMessage, R extends UnknownMessage>(
  options: RunParticipantOptions<State, C, R>,
): Promise<Consumer> => {
  const { bus, group, topic, batchSizeMax = BATCH_SIZE_MAX } = options;
  return bus.consume({ group, topics: [topic], batchSizeMax, handle: participantHandler(options) });
};

/** Kafka behind a port of our own, and what makes an effect happen once although its message may come many times. */
export { type Bus, type BusConfig, type Consumer, type ConsumeOptions, openBus } from './bus.ts';
export { commandIdOf, commandMessage, type OutCommand, sendCommands } from './commands.ts';
export { deadLetter, originOf } from './dead-letter.ts';
export { OptimisticConflict } from './errors.ts';
export type { EncodedMessage, InMessage, OutMessage, Payload } from './message.ts';
export { openOutbox, type Outbox, type OutboxOptions } from './outbox.ts';
export { type CommandMeta, type Decide, type Participant, participant } from './participant.ts';
export { type PurgeOptions, type PurgeRule, startPurge } from './purge.ts';
export { runParticipant, type RunParticipantOptions } from './run-participant.ts';
export { INBOX_DDL, OUTBOX_DDL } from './schema.ts';
export type { TopicSpec } from './topics.ts';

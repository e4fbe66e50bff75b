/** Kafka behind a port of our own, and what makes an effect happen once although its message may come many times. */
export { type BusConfig, openBus } from './kafka/bus.ts';
export { SendError } from './kafka/errors.ts';
export type { Bus, Consumer, ConsumeOptions, InMessage, OutMessage, Topic } from './kafka/types.ts';
export { type CommandMeta, type Decide, OptimisticConflict, type Participant, participant } from './inbox/participant.ts';
export { runParticipant, type RunParticipantOptions } from './inbox/run-participant.ts';
export { openOutbox, type Outbox, type OutboxOptions } from './outbox/outbox.ts';
export { type PurgeOptions, type PurgeRule, startPurge } from './outbox/purge.ts';

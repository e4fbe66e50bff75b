import { type Bus, commandIdOf, type Consumer, deadLetter, type InMessage, originOf } from '@jumun/messaging';
import { topicNames } from '@jumun/protos';
import type { SagaRunner } from '@jumun/saga';
import type { Logger, Tx } from '@jumun/service-kit';
import type { Traces } from './traces.ts';

export const GROUP = 'order-orchestrator';
/** Replies in one transaction. Some 100 ms of work: far below a third of the session time-out. */
const BATCH_SIZE_MAX = 500;

interface Parts {
  readonly bus: Bus;
  readonly runner: SagaRunner<Tx>;
  readonly traces: Traces;
  readonly logger: Logger;
  readonly sessionTimeoutMs: number;
}

interface Answered {
  readonly commandId: string;
  readonly sagaId: string;
  readonly reply: InMessage;
}
const answeredBy = (reply: InMessage): Answered => {
  const commandId = commandIdOf(reply) ?? '';
  return { commandId, sagaId: commandId.split('/', 1)[0] ?? '', reply };
};

/** Replies move sagas. What names no saga of ours is kept for a person. */
export const consumeReplies = ({ bus, runner, traces, logger, sessionTimeoutMs }: Parts): Promise<Consumer> =>
  bus.consume({
    group: GROUP,
    topics: [topicNames.orderReplies],
    batchSizeMax: BATCH_SIZE_MAX,
    sessionTimeoutMs,
    handle: async (batch) => {
      const answered = batch.map(answeredBy);
      for (const { sagaId, reply } of answered) if (traces.of(sagaId) === undefined) traces.keep(sagaId, reply.traceparent);
      const results = await runner.advance(
        answered.map(({ sagaId, commandId, reply }) => ({ sagaId, input: { kind: 'reply', commandId, reply: reply.payload } })),
      );
      const lost = results.flatMap((result, index) => {
        if (result.verdict !== 'unknown-saga' && result.verdict !== 'failed') return [];
        const error = result.verdict === 'failed' ? result.error : new Error('no saga has asked for this');
        logger.error({ err: error, sagaId: result.sagaId }, 'a reply cannot be taken: dead letter');
        return [deadLetter(originOf(batch[index] as InMessage), { group: GROUP, attempts: 1, error })];
      });
      if (lost.length > 0) await bus.sendEncoded(lost);
    },
  });

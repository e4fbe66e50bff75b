import type { Bus, Consumer, InMessage } from '@jumun/messaging';
import { topicNames } from '@jumun/protos';
import type { SagaRunner } from '@jumun/saga';
import type { Logger, Tx } from '@jumun/service-kit';
import type { Commands } from './commands.ts';

export const GROUP = 'order-orchestrator';
/** Replies in one transaction. Some 100 ms of work: far below a third of the session time-out. */
const BATCH_SIZE_MAX = 500;

interface Parts {
  readonly bus: Bus;
  readonly runner: SagaRunner<Tx>;
  readonly commands: Commands;
  readonly logger: Logger;
}

const sagaOf = ({ commandId = '' }: InMessage): string => commandId.slice(0, commandId.indexOf('/'));

/** Replies move sagas. What names no saga of ours is kept for a person. */
export const consumeReplies = ({ bus, runner, commands, logger }: Parts): Promise<Consumer> =>
  bus.consume({
    group: GROUP,
    topics: [topicNames.orderReplies],
    batchSizeMax: BATCH_SIZE_MAX,
    handle: async (batch) => {
      for (const reply of batch) commands.trace(sagaOf(reply), reply.traceparent);
      const results = await runner.advance(
        batch.map((reply) => ({ sagaId: sagaOf(reply), input: { kind: 'reply', commandId: reply.commandId ?? '', reply: reply.payload } })),
      );
      for (const [index, result] of results.entries()) {
        const reply = batch[index] as InMessage;
        if (result.verdict === 'unknown-saga') await bus.deadLetter(reply, GROUP, 'no saga has asked for this');
        if (result.verdict === 'failed') {
          logger.error({ err: result.error, orderId: result.sagaId }, 'a saga could not take a reply');
          await bus.deadLetter(reply, GROUP, result.error.message);
        }
      }
    },
  });

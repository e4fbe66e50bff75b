import { type Bus, commandIdOf, type Consumer, deadLetter, type InMessage, originOf } from '@jumun/messaging';
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

const commandOf = (reply: InMessage): string => commandIdOf(reply) ?? '';
const sagaOf = (reply: InMessage): string => commandOf(reply).split('/', 1)[0] ?? '';

/** Replies move sagas. What names no saga of ours is kept for a person. */
export const consumeReplies = ({ bus, runner, commands, logger }: Parts): Promise<Consumer> =>
  bus.consume({
    group: GROUP,
    topics: [topicNames.orderReplies],
    batchSizeMax: BATCH_SIZE_MAX,
    handle: async (batch) => {
      for (const reply of batch) commands.trace(sagaOf(reply), reply.traceparent);
      const results = await runner.advance(
        batch.map((reply) => ({ sagaId: sagaOf(reply), input: { kind: 'reply', commandId: commandOf(reply), reply: reply.payload } })),
      );
      const lost = results.flatMap((result, index) => {
        if (result.verdict !== 'unknown-saga' && result.verdict !== 'failed') return [];
        const error = result.verdict === 'failed' ? result.error : new Error('no saga has asked for this');
        logger.error({ err: error, orderId: result.sagaId }, 'a reply cannot be taken: dead letter');
        return [deadLetter(originOf(batch[index] as InMessage), { group: GROUP, attempts: 1, error })];
      });
      if (lost.length > 0) await bus.sendEncoded(lost);
    },
  });

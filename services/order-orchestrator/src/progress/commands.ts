import { commandMessage, type Consumer, type OutMessage } from '@jumun/messaging';
import { type CommandType, topicNames } from '@jumun/protos';
import type { Message } from '@jumun/saga';
import type { Traces } from './traces.ts';

/** Turns what sagas ask into messages: keyed by the order, answered to a partition that this instance reads. */
export const openCommands = (replies: () => Consumer | undefined, traces: Traces): ((messages: readonly Message[]) => OutMessage[]) => {
  let turn = 0;
  return (messages) => {
    const owned = replies()?.ownedPartitions(topicNames.orderReplies) ?? [];
    const replyPartition = owned[turn++ % Math.max(owned.length, 1)];
    return messages.map(({ sagaId, commandId: id, command, payload, undoes, issuedAt }) =>
      commandMessage({
        topic: (command as unknown as CommandType).topic,
        key: sagaId,
        id,
        payload,
        issuedAt: new Date(issuedAt),
        undoes,
        replyPartition,
        traceparent: traces.of(sagaId),
      }),
    );
  };
};

import { commandMessage, type Consumer, type OutMessage } from '@jumun/messaging';
import { type CommandType, topicNames } from '@jumun/protos';
import type { Message } from '@jumun/saga';

/** Traces of running sagas, so that their commands belong to the request that began them. Lost with the process; the trace ends then. */
const TRACES_MAX = 20_000;

export interface Commands {
  toMessages(messages: readonly Message[]): OutMessage[];
  /** Keeps the trace that the commands of a saga belong to. */
  trace(sagaId: string, traceparent: string | undefined): void;
  forget(sagaIds: readonly string[]): void;
}

/** Turns what sagas ask into messages: keyed by the order, answered to a partition that this instance reads. */
export const openCommands = (replies: () => Consumer | undefined): Commands => {
  const traces = new Map<string, string>();
  let turn = 0;
  return {
    toMessages: (messages) => {
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
          traceparent: traces.get(sagaId),
        }),
      );
    },
    trace: (sagaId, traceparent) => {
      if (traceparent !== undefined && traceparent !== '' && traces.size < TRACES_MAX) traces.set(sagaId, traceparent);
    },
    forget: (sagaIds) => {
      for (const id of sagaIds) traces.delete(id);
    },
  };
};

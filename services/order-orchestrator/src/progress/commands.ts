import { commandMessage, type Consumer, type OutMessage } from '@jumun/messaging';
import { commands, topicNames, topics } from '@jumun/protos';
import type { Message } from '@jumun/saga';
import type { Traces } from './traces.ts';

/** Where a command goes, by its full proto name: a saga knows no topics. */
const topicOf: ReadonlyMap<string, string> = new Map(Object.values(commands).map(({ name, topic }) => [name, topic]));
const partitionsOf: ReadonlyMap<string, number> = new Map(topics.map(({ name, partitions }) => [name, partitions]));

/**
 * Turns what sagas ask into messages, keyed by the order. What is asked together goes to one partition of each topic, in turn, and is
 * answered to one that this instance reads: what a broker does for a message is little, what it does for a partition in a request is not.
 */
export const openCommands = (replies: () => Consumer | undefined, traces: Traces): ((messages: readonly Message[]) => OutMessage[]) => {
  let turn = 0;
  return (messages) => {
    turn += 1;
    const [replyPartition] = replies()?.ownedPartitions(topicNames.orderReplies) ?? [];
    return messages.map(({ sagaId, commandId: id, command, payload, undoes, issuedAt }) => {
      const topic = topicOf.get(command.name);
      if (topic === undefined) throw new Error(`no topic for ${command.name}`);
      return commandMessage({
        topic,
        key: sagaId,
        partitionHint: turn % (partitionsOf.get(topic) ?? 1),
        id,
        payload,
        issuedAt: new Date(issuedAt),
        undoes,
        replyPartition,
        traceparent: traces.of(sagaId),
      });
    });
  };
};

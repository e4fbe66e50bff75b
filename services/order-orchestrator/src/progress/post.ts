import type { Bus, OutMessage } from '@jumun/messaging';
import { batcher, OverloadedError, TransientError } from '@jumun/service-kit';

/** Batches of messages in one send: the commands and events of everything that was committed while the send before was under way. */
const SEND_BATCHES_MAX = 50;
/** While the broker is away: what finds no room is left to the sweep. */
const QUEUE_MAX = 2_000;

export type Post = (messages: readonly OutMessage[]) => Promise<void>;

/** A full queue passes. As anything but transient it would look like the fault of the reply that asked for the send, and bury it. */
const passing = (error: unknown): never => {
  throw error instanceof OverloadedError ? new TransientError('too many messages wait to be sent', { cause: error }) : error;
};

/** One send at a time, of all that is ready: a request to the broker costs more than the messages in it. Resolves when all are acknowledged. */
export const openPost = (bus: Pick<Bus, 'send'>): Post => {
  const send = batcher<readonly OutMessage[], undefined>({
    sizeMax: SEND_BATCHES_MAX,
    queueMax: QUEUE_MAX,
    run: async (batches) => {
      await bus.send(batches.length === 1 ? (batches[0] ?? []) : batches.flat());
      return batches.map(() => undefined);
    },
  });
  return (messages) => (messages.length === 0 ? Promise.resolve() : send(messages).catch(passing));
};

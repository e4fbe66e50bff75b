import type { OutMessage } from '@jumun/messaging';
import { topicNames } from '@jumun/protos';
import type { SagaChange } from '@jumun/saga';
import { type Database, faultPoint, type Logger } from '@jumun/service-kit';
import { type FinalEvent, finalEvent } from '../order-message.ts';
import { EVENTS_MAX, markSent, readUnsentEvents } from '../store/final-events.ts';
import { thawedEvent } from '../store/saga-rows.ts';
import type { Post } from './post.ts';
import type { Traces } from './traces.ts';

/** Sent events are written down in one statement this often; whatever a crash loses of it is sent again, identical. */
const MARK_EVERY_MS = 500;

export interface Events {
  /** Publishes the final events of what has just ended. Not waited for: the row remembers what is not out. */
  publish(changes: readonly SagaChange[]): void;
  /** Sends again what is not known to be out. Answers how many. */
  resend(): Promise<number>;
  stop(): Promise<void>;
}

interface Parts {
  readonly post: Post;
  readonly db: Database;
  readonly traces: Traces;
  readonly logger: Logger;
}

/** Final events. They are frozen in the saga's row, whose id they carry, so a second sending is recognisable as the same event. */
export const openEvents = ({ post, db, traces, logger }: Parts): Events => {
  let sent: string[] = [];

  const message = (sagaId: string, event: FinalEvent): OutMessage => ({
    topic: topicNames.orderEvents,
    key: sagaId,
    id: sagaId,
    payload: event,
    time: event.order?.completedAt ?? event.order?.cancelledAt,
    traceparent: traces.of(sagaId),
  });

  const mark = async (): Promise<void> => {
    while (sent.length > 0) {
      const ids = sent.slice(0, EVENTS_MAX).sort();
      await faultPoint('event:sent-not-marked');
      await markSent(db, ids);
      sent = sent.slice(ids.length);
    }
  };
  let marking: Promise<boolean> = Promise.resolve(true);
  /** Whether all that were sent are marked now. */
  const markNow = (): Promise<boolean> =>
    (marking = marking
      .then(mark)
      .then(() => true)
      .catch((err: unknown) => {
        logger.warn({ err }, 'sent events could not be marked; trying again');
        return false;
      }));
  const timer = setInterval(() => {
    if (sent.length > 0) void markNow();
  }, MARK_EVERY_MS);

  const send = async (messages: readonly OutMessage[]): Promise<void> => {
    await post(messages);
    for (const { id } of messages) sent.push(id);
  };

  return {
    publish: (changes) => {
      const messages = changes.flatMap((change) => {
        const event = finalEvent(change);
        return event === null ? [] : [message(change.id, event)];
      });
      if (messages.length === 0) return;
      send(messages).catch((err: unknown) => logger.warn({ err, events: messages.length }, 'final events are left to the sweep'));
    },
    resend: async () => {
      let resent = 0;
      for (;;) {
        const rows = await readUnsentEvents(db);
        if (rows.length > 0) await send(rows.map(({ id, type, payload }) => message(id, thawedEvent(type, payload) as FinalEvent)));
        resent += rows.length;
        // Those that cannot be marked would only be found again.
        if (rows.length < EVENTS_MAX || !(await markNow())) return resent;
      }
    },
    stop: async () => {
      clearInterval(timer);
      await markNow();
    },
  };
};

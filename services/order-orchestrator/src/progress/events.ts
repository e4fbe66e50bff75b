import type { Bus, OutMessage } from '@jumun/messaging';
import { messageTypeRegistry, topicNames } from '@jumun/protos';
import type { SagaChange } from '@jumun/saga';
import { type Database, faultPoint, type Logger } from '@jumun/service-kit';

/** Sent events are written down in one statement this often; whatever a crash loses of it is sent again, identical. */
const MARK_EVERY_MS = 500;
/** Events that are sent again at once. */
const RESEND_MAX = 500;

const MARK_SENT = `UPDATE sagas SET event_sent_at = UTC_TIMESTAMP(3), next_at = NULL WHERE id IN (?)`;
const UNSENT = `
  SELECT id, event_type AS type, event_payload AS payload FROM sagas FORCE INDEX (sagas_due)
   WHERE next_at <= UTC_TIMESTAMP(3) AND outcome IS NOT NULL AND event_sent_at IS NULL ORDER BY next_at LIMIT ${RESEND_MAX}`;

export interface Events {
  /** Publishes the final events of what has just ended. */
  publish(changes: readonly SagaChange[]): Promise<void>;
  /** Sends again what is not known to be out. */
  resend(): Promise<number>;
  stop(): Promise<void>;
}

const message = (sagaId: string, payload: { $type: string }): OutMessage => ({
  topic: topicNames.orderEvents,
  key: sagaId,
  id: sagaId,
  payload,
});

/** Final events. They are frozen in the saga's row, whose id they carry, so a second sending is recognisable as the same event. */
export const openEvents = ({ bus, db, logger }: { bus: Bus; db: Database; logger: Logger }): Events => {
  let sent: string[] = [];
  const mark = async (): Promise<void> => {
    const ids = sent.sort();
    if (ids.length === 0) return;
    sent = [];
    await faultPoint('event:sent-not-marked');
    try {
      await db.execute(MARK_SENT, [ids]);
    } catch (error) {
      sent.push(...ids);
      logger.warn({ err: error }, 'sent events could not be marked; trying again');
    }
  };
  const timer = setInterval(() => void mark(), MARK_EVERY_MS);

  const send = async (messages: readonly OutMessage[]): Promise<void> => {
    if (messages.length === 0) return;
    await bus.send(messages);
    sent.push(...messages.map(({ id }) => id));
  };

  return {
    publish: (changes) => send(changes.flatMap(({ id, end }) => (end === null ? [] : [message(id, end.event as { $type: string })]))),
    resend: async () => {
      const rows = await db.query<{ id: string; type: string; payload: string }>(UNSENT);
      await send(
        rows.map(({ id, type, payload }) => message(id, messageTypeRegistry.get(type)?.fromJSON(JSON.parse(payload)) ?? { $type: type })),
      );
      return rows.length;
    },
    stop: async () => {
      clearInterval(timer);
      await mark();
    },
  };
};

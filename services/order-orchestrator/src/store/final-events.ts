import type { Database } from '@jumun/service-kit';

/** Events in one statement or send. */
export const EVENTS_MAX = 500;

export const MARK_SENT = 'UPDATE sagas FORCE INDEX (PRIMARY) SET event_sent_at = UTC_TIMESTAMP(3), next_at = NULL WHERE id IN (?)';
export const UNSENT_EVENTS = `
  SELECT id, event_type AS type, event_payload AS payload FROM sagas FORCE INDEX (sagas_due)
   WHERE next_at <= UTC_TIMESTAMP(3) AND outcome IS NOT NULL AND event_sent_at IS NULL ORDER BY next_at LIMIT ${EVENTS_MAX}`;

/** A final event as the row of its saga keeps it (`frozenEvent`). */
export interface UnsentEvent {
  readonly id: string;
  readonly type: string;
  readonly payload: string;
}

/** Final events that are not known to be out and are due to be sent again, the oldest `EVENTS_MAX` of them. */
export const readUnsentEvents = (db: Pick<Database, 'query'>): Promise<UnsentEvent[]> => db.query<UnsentEvent>(UNSENT_EVENTS);

/** Keeps that the events of these sagas are out. The ids come sorted, so that two instances never wait for each other in a circle. */
export const markSent = (db: Pick<Database, 'execute'>, sagaIds: readonly string[]): Promise<unknown> => db.execute(MARK_SENT, [sagaIds]);

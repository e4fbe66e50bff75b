import { messageTypeRegistry } from '@jumun/protos';
import type { OutMessage } from '../kafka/types.ts';

export interface OutboxRow {
  readonly id: string;
  readonly topic: string;
  readonly messageKey: string;
  readonly type: string;
  readonly payload: string;
  readonly traceparent: string | null;
  readonly createdAt: Date;
  readonly ageSeconds: number;
}

export const ADD = `
  INSERT INTO outbox (id, topic, message_key, type, payload, traceparent)
  SELECT j.id, j.topic, j.message_key, j.type, j.payload, j.traceparent
    FROM JSON_TABLE(?, '$[*]' COLUMNS (
           id CHAR(36) CHARACTER SET ascii PATH '$[0]',
           topic VARCHAR(200) CHARACTER SET ascii PATH '$[1]',
           message_key VARCHAR(200) CHARACTER SET utf8mb4 PATH '$[2]',
           type VARCHAR(100) CHARACTER SET ascii PATH '$[3]',
           payload TEXT CHARACTER SET utf8mb4 PATH '$[4]',
           traceparent VARCHAR(60) CHARACTER SET ascii PATH '$[5]')) j`;

/** Unsent is unsent, however old: a watermark would pass over what a slow transaction commits late. */
export const READ_UNSENT = `
  SELECT id, topic, message_key AS messageKey, type, payload, traceparent, created_at AS createdAt,
         TIMESTAMPDIFF(SECOND, created_at, UTC_TIMESTAMP(3)) AS ageSeconds
    FROM outbox FORCE INDEX (outbox_unsent)
   WHERE sent_at IS NULL AND created_at < UTC_TIMESTAMP(3) - INTERVAL ? SECOND
   ORDER BY created_at LIMIT ?`;

export const MARK_SENT = 'UPDATE outbox FORCE INDEX (PRIMARY) SET sent_at = UTC_TIMESTAMP(3) WHERE id IN (?) AND sent_at IS NULL';

const PAYLOAD_BYTES_MAX = 65_535; // a TEXT column; more would become NULL in JSON_TABLE
const MEMBER_CHARS_MAX = { id: 36, topic: 200, key: 200, traceparent: 60 };

/** As the columns take it; throws rather than let a value be cut. */
export const rowOf = ({ id, topic, key, payload, traceparent }: OutMessage): readonly (string | null)[] => {
  const codec = messageTypeRegistry.get(payload.$type);
  if (codec === undefined) throw new Error(`no codec for ${payload.$type}`);
  const json = JSON.stringify(codec.toJSON(payload));
  if (Buffer.byteLength(json) > PAYLOAD_BYTES_MAX) throw new Error(`the event ${id} is too long`);
  for (const [name, value] of Object.entries({ id, topic, key, traceparent: traceparent ?? '' }))
    if (value.length > MEMBER_CHARS_MAX[name as keyof typeof MEMBER_CHARS_MAX]) throw new Error(`${name} of the event ${id} is too long`);
  return [id, topic, key, payload.$type, json, traceparent ?? null];
};

export const messageOf = ({ id, topic, messageKey, type, payload, traceparent, createdAt }: OutboxRow): OutMessage => {
  const codec = messageTypeRegistry.get(type);
  if (codec === undefined) throw new Error(`no codec for ${type}`);
  const parsed: unknown = JSON.parse(payload);
  return { id, topic, key: messageKey, payload: codec.fromJSON(parsed), traceparent: traceparent ?? undefined, time: createdAt };
};

import { type Database, newId, type Tx } from '@jumun/service-kit';
import { cloudEventHeaders, encodePayload } from './codec.ts';
import { newHeaders } from './headers.ts';
import type { EncodedMessage, OutMessage } from './message.ts';

/** A row of the outbox, as it is written and read. */
export interface OutboxRow {
  readonly id: string;
  readonly topic: string;
  readonly messageKey: string;
  readonly type: string;
  readonly payload: string;
  readonly traceparent: string | null;
  readonly createdAt: Date;
}

/**
 * The next topic with unsent rows, and how old what has waited longest there is; 0 if all of it was refused. One dive into the index: GROUP BY
 * and DISTINCT would read past every row that waits.
 */
export const NEXT_TOPIC = `
  SELECT topic, IF(refused_at IS NULL, TIMESTAMPDIFF(SECOND, created_at, CURRENT_TIMESTAMP(3)), 0) AS ageSeconds
    FROM outbox FORCE INDEX (outbox_unsent)
   WHERE sent_at IS NULL AND topic > ?
   ORDER BY topic, refused_at, created_at LIMIT 1`;

interface WaitingTopic {
  readonly topic: string;
  readonly ageSeconds: number | bigint;
}

/** All topics with unsent rows, each with that age. */
export const readWaitingTopics = async (db: Database): Promise<Map<string, number>> => {
  const ages = new Map<string, number>();
  const nextAfter = async (topic: string): Promise<WaitingTopic | undefined> => (await db.query<WaitingTopic>(NEXT_TOPIC, [topic]))[0];
  for (let next = await nextAfter(''); next !== undefined; next = await nextAfter(next.topic))
    ages.set(next.topic, Number(next.ageSeconds));
  return ages;
};

/**
 * Unsent rows are found by being unsent, never by how far one has read: a slow transaction may commit an old row late. Only those of just now
 * are left to who wrote them. A row has the time of its event, by the clock of who wrote it; if that is ahead of the database's, its rows are
 * of the future, and are not waited for. Those that were refused come last, the longest ago first.
 */
export const READ_UNSENT = `
  SELECT id, topic, message_key AS messageKey, type, payload, traceparent, created_at AS createdAt
    FROM outbox FORCE INDEX (outbox_unsent)
   WHERE sent_at IS NULL AND topic = ?
     AND (refused_at IS NULL OR refused_at < CURRENT_TIMESTAMP(3) - INTERVAL ? SECOND)
     AND (created_at < CURRENT_TIMESTAMP(3) - INTERVAL ? SECOND OR created_at > CURRENT_TIMESTAMP(3) + INTERVAL ? SECOND)
   ORDER BY refused_at, created_at LIMIT ?`;

/** By the primary key: by the other index it would lock unsent rows of others. */
export const MARK_SENT = 'UPDATE outbox FORCE INDEX (PRIMARY) SET sent_at = CURRENT_TIMESTAMP(3) WHERE id IN (?)';
export const MARK_REFUSED = 'UPDATE outbox FORCE INDEX (PRIMARY) SET refused_at = CURRENT_TIMESTAMP(3) WHERE id = ?';

const INSERT = 'INSERT INTO outbox (id, topic, message_key, type, payload, traceparent, created_at) VALUES ';

/** Messages that are no CloudEvents of ours: key, headers and value as they were. */
const RAW = 'raw';

interface RawPayload {
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string | null;
}

export const rowOf = ({ id, topic, key, payload, traceparent, time = new Date() }: OutMessage): OutboxRow => ({
  id,
  topic,
  messageKey: key,
  type: payload.$type,
  payload: encodePayload(payload).toString('base64'),
  traceparent: traceparent ?? null,
  createdAt: time,
});

const base64 = (bytes: string | Buffer): string => Buffer.from(bytes as string).toString('base64');

/** What the column takes, with room for quotes and names. */
const PAYLOAD_CHARS_MAX = 60_000;
const CUT_BYTES = 16_000;
const HEADERS_BYTES_MAX = 8_000;

const rawText = ({ key, value, headers }: EncodedMessage): string => {
  const raw: RawPayload = {
    key: key === null ? null : base64(key),
    headers: Object.fromEntries(Object.entries(headers).map(([name, header]) => [name, base64(header)])),
    value: value === null ? null : base64(value),
  };
  return JSON.stringify(raw);
};

/** The beginning, and where it came from, of what is too large for a row. */
const cut = ({ topic, key, value, headers }: EncodedMessage): EncodedMessage => {
  const short = newHeaders<string | Buffer>();
  let room = HEADERS_BYTES_MAX;
  // From the last, where ours are: whoever sent it may have named headers like them, as many and as long as a broker takes.
  for (const [name, header] of Object.entries(headers).reverse()) {
    if (!name.startsWith('dlq_') && name !== 'ce_id' && name !== 'ce_type') continue;
    const size = Buffer.byteLength(name) + Buffer.byteLength(header);
    if (size > room) continue;
    room -= size;
    short[name] = header;
  }
  const beginning = (part: 'key' | 'value', all: string | Buffer | null): Buffer | null => {
    const whole = all === null ? null : Buffer.from(all as Buffer);
    if (whole === null || whole.length <= CUT_BYTES) return whole;
    short[`dlq_${part}_bytes`] ??= String(whole.length); // what was cut before says already how long it was
    return whole.subarray(0, CUT_BYTES);
  };
  return { topic, key: beginning('key', key), value: beginning('value', value), headers: short };
};

export const rawRowOf = (message: EncodedMessage): OutboxRow => {
  const whole = rawText(message);
  const payload = whole.length > PAYLOAD_CHARS_MAX ? rawText(cut(message)) : whole;
  return { id: newId(), topic: message.topic, messageKey: '', type: RAW, payload, traceparent: null, createdAt: new Date() };
};

const bytes = (text: string): Buffer => Buffer.from(text, 'base64');

/** The same message every time it is made from its row. */
export const messageOf = (row: OutboxRow, source: string): EncodedMessage => {
  const { id, topic, messageKey, type, payload, traceparent, createdAt } = row;
  if (type !== RAW) {
    const headers = cloudEventHeaders({ id, type, source, time: createdAt.toISOString() }, traceparent ?? undefined);
    return { topic, key: messageKey, value: bytes(payload), headers };
  }
  const { key, headers, value } = JSON.parse(payload) as RawPayload;
  return {
    topic,
    key: key === null ? null : bytes(key),
    headers: Object.fromEntries(Object.entries(headers).map(([name, header]) => [name, bytes(header)])),
    value: value === null ? null : bytes(value),
  };
};

/** One statement for all rows. The promise is the statement's own, so that the transaction looks after it when nobody awaits it. */
export const insertRows = (tx: Tx, rows: readonly OutboxRow[]): Promise<unknown> => {
  if (rows.length === 0) return Promise.resolve();
  const values = rows.flatMap(({ id, topic, messageKey, type, payload, traceparent, createdAt }) => [
    id,
    topic,
    messageKey,
    type,
    payload,
    traceparent,
    createdAt,
  ]);
  return tx.execute(INSERT + rows.map(() => '(?, ?, ?, ?, ?, ?, ?)').join(', '), values);
};

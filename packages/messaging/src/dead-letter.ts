import { deadLetterTopic } from '@jumun/protos';
import { newHeaders } from './headers.ts';
import type { EncodedMessage, InMessage, RawRecord } from './message.ts';
import { deadLetters } from './metrics.ts';

/** Where a record was read (its topic without the installation's prefix), and the record itself. */
export interface Origin {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly raw: RawRecord;
}

/** A broker takes 1 MB; what is larger keeps its beginning, and where the whole of it lies. */
const BYTES_MAX = 900_000;
const CUT_BYTES = 64 * 1024;
/** All headers together; the rest, and any that is as long as `CUT_BYTES` by itself, is left out. */
const HEADERS_BYTES_MAX = 4 * CUT_BYTES;
const HEADER_BYTES = 8;
const ERROR_CHARS_MAX = 1_000;

const headersOf = (raw: RawRecord): { headers: Record<string, string | Buffer>; bytes: number; leftOut: number } => {
  const headers = newHeaders<string | Buffer>();
  let [bytes, leftOut] = [0, 0];
  // Own ones only: kafkajs, which reads what is compressed, makes of a header `__proto__` the prototype of the others.
  for (const name of Object.keys(raw.headers)) {
    const value = raw.headers[name];
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (typeof last !== 'string' && !Buffer.isBuffer(last)) continue;
    const more = HEADER_BYTES + Buffer.byteLength(name) + Buffer.byteLength(last);
    if (more > CUT_BYTES || bytes + more > HEADERS_BYTES_MAX) {
      leftOut++;
      continue;
    }
    bytes += more;
    headers[name] = last;
  }
  return { headers, bytes, leftOut };
};

/** A record is one dead letter, however often that is made because the batch around it is tried again. */
const counted = new WeakSet<RawRecord>();

/** A record that cannot be worked on, with everything that is needed to understand why, and to send it again. */
export const deadLetter = (
  origin: Origin,
  { group, attempts, error }: { group: string; attempts: number; error: unknown },
): EncodedMessage => {
  const { topic, partition, offset, raw } = origin;
  const { headers, bytes, leftOut } = headersOf(raw);
  headers['dlq_topic'] = topic;
  headers['dlq_partition'] = String(partition);
  headers['dlq_offset'] = String(offset);
  headers['dlq_group'] = group;
  headers['dlq_attempts'] = String(attempts);
  headers['dlq_error'] = String(error).slice(0, ERROR_CHARS_MAX);
  headers['dlq_at'] = new Date().toISOString();
  if (leftOut > 0) headers['dlq_headers_left_out'] = String(leftOut);
  const isTooLarge = bytes + (raw.key?.length ?? 0) + (raw.value?.length ?? 0) > BYTES_MAX;
  const fitting = (part: 'key' | 'value'): Buffer | null => {
    const whole = raw[part];
    if (whole === null || !isTooLarge || whole.length <= CUT_BYTES) return whole;
    headers[`dlq_${part}_bytes`] = String(whole.length);
    return whole.subarray(0, CUT_BYTES);
  };
  if (!counted.has(raw)) deadLetters.inc({ topic, group });
  counted.add(raw);
  return { topic: deadLetterTopic(topic), key: fitting('key'), value: fitting('value'), headers };
};

/** Where a message was read, and its record as the broker keeps it: what a dead letter of it says. */
export const originOf = ({ topic, partition, offset, raw }: InMessage): Origin => ({ topic, partition, offset, raw });

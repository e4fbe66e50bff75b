import { deadLetterTopic } from '@jumun/protos';
import type { EncodedMessage, InMessage, RawRecord } from './message.ts';
import { deadLetters } from './metrics.ts';

export interface Origin {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly raw: RawRecord;
}

/** A broker takes 1 MB; what is larger keeps its beginning, and where the whole of it lies. */
const BYTES_MAX = 900_000;
const CUT_BYTES = 64 * 1024;
const ERROR_CHARS_MAX = 1_000;

/** A record that cannot be worked on, with everything that is needed to understand why, and to send it again. */
export const deadLetter = (
  origin: Origin,
  { group, attempts, error }: { group: string; attempts: number; error: unknown },
): EncodedMessage => {
  const { topic, partition, offset, raw } = origin;
  const headers: Record<string, string | Buffer> = {};
  let bytes = raw.value?.length ?? 0;
  for (const name in raw.headers) {
    const value = raw.headers[name];
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last === undefined || last === null) continue;
    bytes += name.length + last.length;
    if (last.length <= CUT_BYTES) headers[name] = last;
  }
  headers['dlq_topic'] = topic;
  headers['dlq_partition'] = String(partition);
  headers['dlq_offset'] = String(offset);
  headers['dlq_group'] = group;
  headers['dlq_attempts'] = String(attempts);
  headers['dlq_error'] = (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, ERROR_CHARS_MAX);
  headers['dlq_at'] = new Date().toISOString();
  const isCut = bytes > BYTES_MAX;
  if (isCut) headers['dlq_value_bytes'] = String(raw.value?.length ?? 0);
  deadLetters.inc({ topic, group });
  return { topic: deadLetterTopic(topic), key: raw.key, value: isCut ? (raw.value?.subarray(0, CUT_BYTES) ?? null) : raw.value, headers };
};

export const originOf = ({ topic, partition, offset, raw }: InMessage): Origin => ({ topic, partition, offset, raw });

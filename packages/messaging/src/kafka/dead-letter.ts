import { deadLetterTopic } from '@jumun/protos';
import type { OutRecord, RawRecord } from './codec.ts';

/** Where a record stood, and why it does not go on. */
export interface DeadLetter {
  readonly topic: string;
  readonly partition: number;
  readonly record: RawRecord;
  readonly group: string;
  readonly attempts: number;
  readonly reason: string;
}

/** A broker takes 1 MB; a value beyond this keeps its beginning, and its origin says where the whole of it lies. */
const BYTES_MAX = 900_000;
const HEADER_BYTES_MAX = 16 * 1024;
const CUT_VALUE_BYTES = 64 * 1024;
const REASON_CHARS_MAX = 1_000;

const copyHeaders = (from: RawRecord['headers']): { headers: Record<string, string | Buffer>; bytes: number } => {
  const headers: Record<string, string | Buffer> = {};
  let bytes = 0;
  for (const [name, value] of Object.entries(from ?? {})) {
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last === undefined || last.length > HEADER_BYTES_MAX || bytes > HEADER_BYTES_MAX * 4) continue;
    headers[name] = last;
    bytes += name.length + last.length;
  }
  return { headers, bytes };
};

/** The record as it came (key, value, headers), and all that one needs to understand why it is here. */
export const deadLetterRecord = ({
  topic,
  partition,
  record,
  group,
  attempts,
  reason,
}: DeadLetter): { topic: string; record: OutRecord } => {
  const { headers, bytes } = copyHeaders(record.headers);
  const valueBytes = record.value?.length ?? 0;
  const isCut = valueBytes + bytes > BYTES_MAX;
  Object.assign(headers, {
    jumun_dlq_topic: topic,
    jumun_dlq_partition: String(partition),
    jumun_dlq_offset: record.offset,
    jumun_dlq_group: group,
    jumun_dlq_attempts: String(attempts),
    jumun_dlq_error: reason.slice(0, REASON_CHARS_MAX),
    ...(isCut && { jumun_dlq_value_bytes: String(valueBytes) }),
  });
  const value = isCut ? record.value!.subarray(0, CUT_VALUE_BYTES) : record.value;
  return { topic: deadLetterTopic(topic), record: { key: record.key, value, headers } };
};

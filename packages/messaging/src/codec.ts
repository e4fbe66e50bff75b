import { messageTypeRegistry } from '@jumun/protos';
import { textOf } from '@jumun/service-kit';
import { newHeaders } from './headers.ts';
import type { EncodedMessage, InMessage, OutMessage, Payload, RawRecord } from './message.ts';

/** Longer values are taken for mistakes: the largest honest message has some 10 KB. */
export const VALUE_BYTES_MAX = 256 * 1024;

/** Why a record cannot be understood; it will never be, so it is a dead letter at once. */
export class UndecodableError extends Error {
  override readonly name = 'UndecodableError';
}

/** The bytes of a payload, by the codec that its `$type` names. */
export const encodePayload = (payload: Payload): Buffer => {
  const type = messageTypeRegistry.get(payload.$type);
  if (type === undefined) throw new Error(`no message type ${payload.$type}`);
  const bytes = type.encode(payload).finish();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
};

export const decodePayload = (name: string, value: Uint8Array): Payload => {
  const type = messageTypeRegistry.get(name);
  if (type === undefined) throw new UndecodableError(`unknown message type ${name}`);
  try {
    return type.decode(value);
  } catch (error) {
    throw new UndecodableError(`no ${name}: ${textOf(error)}`);
  }
};

/** CloudEvents in Kafka's binary mode: attributes are headers, the value is the bare payload. */
export const cloudEventHeaders = (
  { id, type, source, time }: { id: string; type: string; source: string; time: string },
  traceparent: string | undefined,
  more?: Readonly<Record<string, string>>,
): Record<string, string> => {
  const headers: Record<string, string> = { ce_specversion: '1.0', ce_id: id, ce_type: type, ce_source: source, ce_time: time };
  if (traceparent !== undefined) headers['traceparent'] = traceparent;
  return more === undefined ? headers : Object.assign(headers, more);
};

export const encode = (message: OutMessage, source: string): EncodedMessage => {
  const { topic, key, id, payload, partition, partitionHint, headers, traceparent, time = new Date() } = message;
  const attributes = { id, type: payload.$type, source, time: time.toISOString() };
  return {
    topic,
    key,
    value: encodePayload(payload),
    headers: cloudEventHeaders(attributes, traceparent, headers),
    partition,
    partitionHint,
  };
};

const textHeaders = (raw: RawRecord['headers']): Record<string, string> => {
  const headers = newHeaders<string>();
  for (const name of Object.keys(raw)) {
    const value = raw[name];
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last !== undefined && last !== null) headers[name] = last.toString();
  }
  return headers;
};

const REQUIRED = ['ce_specversion', 'ce_id', 'ce_type', 'ce_source', 'ce_time'] as const;

/** Reads a record. Throws `UndecodableError` for bad bytes, an unknown type, missing headers, or a huge value. */
export const decode = (topic: string, partition: number, offset: bigint, raw: RawRecord): InMessage => {
  if (raw.value === null) throw new UndecodableError('no value');
  if (raw.value.length > VALUE_BYTES_MAX) throw new UndecodableError(`a value of ${raw.value.length} bytes`);
  const headers = textHeaders(raw.headers);
  for (const name of REQUIRED) if (!headers[name]) throw new UndecodableError(`no header ${name}`);
  const time = new Date(headers['ce_time']!);
  if (Number.isNaN(time.getTime())) throw new UndecodableError(`header ce_time is no time`);
  const type = headers['ce_type']!;
  return {
    topic,
    partition,
    offset,
    key: raw.key?.toString() ?? '',
    id: headers['ce_id']!,
    type,
    time,
    payload: decodePayload(type, raw.value),
    headers,
    traceparent: headers['traceparent'],
    raw,
  };
};

import { createHash } from 'node:crypto';
import { messageTypeRegistry, type UnknownMessage } from '@jumun/protos';
import type { InMessage, OutMessage } from './types.ts';
import { SendError, UnreadableError } from './errors.ts';

/** The largest honest message has a few KiB; what is larger than this is a mistake. */
export const VALUE_BYTES_MAX = 256 * 1024;

/** A record as the broker gives it. */
export interface RawRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>;
  readonly offset: string;
}

/** A record as the broker takes it; `hint` is checked against what partitions there are. */
export interface OutRecord {
  readonly key: string | Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Record<string, string | Buffer>;
  readonly hint?: number;
}

const SPEC_VERSION = '1.0';

const encodePayload = (payload: UnknownMessage): Buffer => {
  const codec = messageTypeRegistry.get(payload.$type);
  if (codec === undefined) throw new SendError(`no codec for ${payload.$type}`);
  const bytes = codec.encode(payload).finish();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
};

/** CloudEvents in Kafka's binary mode: attributes are headers, the value is the bare payload. */
export const encode = (message: OutMessage, source: string): OutRecord => {
  const value = encodePayload(message.payload);
  if (value.length > VALUE_BYTES_MAX) throw new SendError(`${message.payload.$type} ${message.id} has ${value.length} bytes`);
  const headers: Record<string, string> = {
    ce_id: message.id,
    ce_type: message.payload.$type,
    ce_source: source,
    ce_time: (message.time ?? new Date()).toISOString(),
    ce_specversion: SPEC_VERSION,
  };
  if (message.traceparent !== undefined) headers['traceparent'] = message.traceparent;
  if (message.undoes !== undefined) headers['jumun_undoes'] = message.undoes;
  if (message.replyPartition !== undefined) headers['jumun_reply_partition'] = String(message.replyPartition);
  if (message.commandId !== undefined) headers['jumun_command_id'] = message.commandId;
  return { key: message.key, value, headers, hint: message.partitionHint };
};

/** A message that was read, with the record that it was read from. */
export class Received implements InMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly key: string;
  readonly id: string;
  readonly type: string;
  readonly time: Date;
  readonly payload: UnknownMessage;
  readonly undoes?: string;
  readonly replyPartition?: number;
  readonly commandId?: string;
  readonly traceparent?: string;
  readonly #record: RawRecord;
  #fingerprint: string | undefined;

  constructor(fields: Omit<InMessage, 'fingerprint'>, record: RawRecord) {
    this.topic = fields.topic;
    this.partition = fields.partition;
    this.offset = fields.offset;
    this.key = fields.key;
    this.id = fields.id;
    this.type = fields.type;
    this.time = fields.time;
    this.payload = fields.payload;
    this.undoes = fields.undoes;
    this.replyPartition = fields.replyPartition;
    this.commandId = fields.commandId;
    this.traceparent = fields.traceparent;
    this.#record = record;
  }

  get record(): RawRecord {
    return this.#record;
  }

  /** Computed when it is asked for: only commands need it. */
  get fingerprint(): string {
    return (this.#fingerprint ??= createHash('sha256')
      .update(`${this.type}\n${this.undoes ?? ''}\n`)
      .update(this.#record.value ?? '')
      .digest('hex'));
  }
}

const headerOf = ({ headers }: RawRecord, name: string): string | undefined => {
  const value = headers?.[name];
  return value === undefined || Array.isArray(value) ? undefined : value.toString();
};

const required = (record: RawRecord, name: string): string => {
  const value = headerOf(record, name);
  if (value === undefined || value === '') throw new UnreadableError(`header ${name} is missing`);
  return value;
};

/** A hint that is no partition number is no hint. */
const partitionIn = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : undefined;

const decodePayload = (type: string, value: Buffer): UnknownMessage => {
  const codec = messageTypeRegistry.get(type);
  if (codec === undefined) throw new UnreadableError(`type ${type} is unknown`);
  try {
    return codec.decode(value);
  } catch (error) {
    throw new UnreadableError(`the value is no ${type}: ${error instanceof Error ? error.message : String(error)}`);
  }
};

/** Throws `UnreadableError` for everything that is no message of ours. */
export const decode = (topic: string, partition: number, record: RawRecord): Received => {
  const { key, value, offset } = record;
  if (value === null) throw new UnreadableError('there is no value');
  if (value.length > VALUE_BYTES_MAX) throw new UnreadableError(`${value.length} bytes are too many`);
  if (key === null) throw new UnreadableError('there is no key');
  const type = required(record, 'ce_type');
  const id = required(record, 'ce_id');
  required(record, 'ce_source');
  if (required(record, 'ce_specversion') !== SPEC_VERSION) throw new UnreadableError(`ce_specversion is not ${SPEC_VERSION}`);
  const time = new Date(required(record, 'ce_time'));
  if (Number.isNaN(time.getTime())) throw new UnreadableError('ce_time is no time');
  const fields = {
    topic,
    partition,
    offset,
    key: key.toString(),
    id,
    type,
    time,
    payload: decodePayload(type, value),
    undoes: headerOf(record, 'jumun_undoes'),
    replyPartition: partitionIn(headerOf(record, 'jumun_reply_partition')),
    commandId: headerOf(record, 'jumun_command_id'),
    traceparent: headerOf(record, 'traceparent'),
  };
  return new Received(fields, record);
};

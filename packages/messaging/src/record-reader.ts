/**
 * Fetch responses, read in one pass. kafkajs makes decoders, promises and 64-bit objects for every field of every record, which is most of
 * what receiving a message costs. The format: https://kafka.apache.org/documentation/#recordbatch.
 */

import { newHeaders } from './headers.ts';

/** As kafkajs hands records on. */
interface WireRecord {
  readonly magicByte: number;
  readonly attributes: number;
  readonly timestamp: string;
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Record<string, Buffer | Buffer[]>;
  readonly isControlRecord: boolean;
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean; readonly isControlBatch: boolean };
}

/** Something in it that only kafkajs reads: compression, or a format of before 2017. */
export class UnusualResponse extends Error {}

class Reader {
  readonly bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  int8(): number {
    return this.bytes.readInt8(this.at++);
  }

  int16(): number {
    this.at += 2;
    return this.bytes.readInt16BE(this.at - 2);
  }

  int32(): number {
    this.at += 4;
    return this.bytes.readInt32BE(this.at - 4);
  }

  /** Exact up to 2^53, which offsets and times do not reach. */
  int64(): number {
    this.at += 8;
    return this.bytes.readInt32BE(this.at - 8) * 2 ** 32 + this.bytes.readUInt32BE(this.at - 4);
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.bytes[this.at++]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
  }

  string(): string {
    const length = this.int16();
    this.at += length;
    return this.bytes.toString('utf8', this.at - length, this.at);
  }

  varBytes(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  varString(): string {
    const length = this.varint();
    this.at += length;
    return this.bytes.toString('utf8', this.at - length, this.at);
  }

  list<T>(each: () => T): T[] {
    const length = this.int32();
    const items: T[] = [];
    for (let i = 0; i < length; i++) items.push(each());
    return items;
  }
}

const COMPRESSION = 0x7;
const LOG_APPEND_TIME = 0x8;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const MAGIC = 2;

const readHeaders = (reader: Reader): Record<string, Buffer | Buffer[]> => {
  const headers = newHeaders<Buffer | Buffer[]>();
  const count = reader.varint();
  for (let i = 0; i < count; i++) {
    const name = reader.varString();
    const value = reader.varBytes() as Buffer;
    const before = headers[name];
    headers[name] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value];
  }
  return headers;
};

/** Appends the records of one batch. False when the response ends within it: the rest comes with the next one. */
const readBatch = (reader: Reader, end: number, records: WireRecord[]): boolean => {
  if (end - reader.at < 12) return false;
  const firstOffset = reader.int64();
  const batchEnd = reader.int32() + reader.at;
  if (batchEnd > end) return false;
  reader.at += 4; // partition leader epoch
  const magicByte = reader.int8();
  if (magicByte !== MAGIC) throw new UnusualResponse(`magic ${magicByte}`);
  reader.at += 4; // crc, which TCP and the broker have checked
  const flags = reader.int16();
  if ((flags & COMPRESSION) !== 0) throw new UnusualResponse('compression');
  reader.at += 4; // last offset delta
  const firstTimestamp = reader.int64();
  const maxTimestamp = reader.int64();
  const producerId = String(reader.int64());
  reader.at += 6; // producer epoch and sequence
  const isControlBatch = (flags & CONTROL) !== 0;
  const batchContext = { producerId, inTransaction: (flags & TRANSACTIONAL) !== 0, isControlBatch };
  const count = reader.int32();
  for (let i = 0; i < count; i++) {
    const next = reader.varint() + reader.at;
    const attributes = reader.int8();
    const timestampDelta = reader.varint();
    const timestamp = String((flags & LOG_APPEND_TIME) !== 0 ? maxTimestamp : firstTimestamp + timestampDelta);
    const offset = String(firstOffset + reader.varint());
    const key = reader.varBytes();
    const value = reader.varBytes();
    const headers = readHeaders(reader);
    records.push({ magicByte, attributes, timestamp, offset, key, value, headers, isControlRecord: isControlBatch, batchContext });
    reader.at = next;
  }
  reader.at = batchEnd;
  return true;
};

const readPartition = (reader: Reader) => {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const [highWatermark, lastStableOffset, lastStartOffset] = [String(reader.int64()), String(reader.int64()), String(reader.int64())];
  const abortedTransactions = reader.list(() => ({ producerId: String(reader.int64()), firstOffset: String(reader.int64()) }));
  const preferredReadReplica = reader.int32();
  const size = reader.int32();
  const messages: WireRecord[] = [];
  if (size > 0) {
    const end = reader.at + size;
    while (readBatch(reader, end, messages));
    reader.at = end;
  }
  return {
    partition,
    errorCode,
    highWatermark,
    lastStableOffset,
    lastStartOffset,
    abortedTransactions,
    preferredReadReplica,
    messages,
  };
};

/** A Fetch response of version 11, in kafkajs's shape. Throws `UnusualResponse` for what is left to kafkajs. */
export const readFetchResponse = (bytes: Buffer) => {
  const reader = new Reader(bytes);
  const clientSideThrottleTime = reader.int32();
  const errorCode = reader.int16();
  const sessionId = reader.int32();
  const responses = reader.list(() => ({ topicName: reader.string(), partitions: reader.list(() => readPartition(reader)) }));
  return { throttleTime: 0, clientSideThrottleTime, errorCode, sessionId, responses };
};

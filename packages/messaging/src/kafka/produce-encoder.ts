/** A message as kafkajs hands it on to be encoded. */
export interface ProducedMessage {
  readonly key?: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly headers?: Readonly<Record<string, string | Buffer | (string | Buffer)[] | undefined>>;
}

export interface TopicData {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly messages: readonly ProducedMessage[] }[];
}

const BYTES_A_CHAR_MAX = 3; // of UTF-8, for each UTF-16 unit
const VARINT_BYTES_MAX = 5;
const CRC_TABLE = Int32Array.from({ length: 256 }, (_, n) => {
  let crc = n;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32C (Castagnoli), as record batches carry it. */
export const crc32c = (bytes: Buffer, from: number, to: number): number => {
  let crc = -1;
  for (let at = from; at < to; at++) crc = CRC_TABLE[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  return (crc ^ -1) >>> 0;
};

/** Writes one after another into a buffer that grows. */
class Writer {
  bytes: Buffer;
  at = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
  }

  need(count: number): void {
    if (this.at + count <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.at + count));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }

  int8(value: number): void {
    this.need(1);
    this.bytes[this.at++] = value;
  }

  int16(value: number): void {
    this.need(2);
    this.at = this.bytes.writeInt16BE(value, this.at);
  }

  int32(value: number): void {
    this.need(4);
    this.at = this.bytes.writeInt32BE(value, this.at);
  }

  int64(value: bigint): void {
    this.need(8);
    this.at = this.bytes.writeBigInt64BE(value, this.at);
  }

  /** Zigzag, for what fits into 31 bits. */
  varint(value: number): void {
    this.need(VARINT_BYTES_MAX);
    let rest = (value << 1) ^ (value >> 31);
    while (rest > 0x7f) {
      this.bytes[this.at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.bytes[this.at++] = rest;
  }

  /** With its length before it. */
  sized(value: string | Buffer | null | undefined): void {
    if (value === null || value === undefined) return this.varint(-1);
    const length = typeof value === 'string' ? Buffer.byteLength(value) : value.length;
    this.varint(length);
    this.need(typeof value === 'string' ? value.length * BYTES_A_CHAR_MAX : length);
    if (typeof value === 'string') this.bytes.write(value, this.at, length, 'utf8');
    else this.bytes.set(value, this.at);
    this.at += length;
  }

  string(value: string): void {
    this.int16(Buffer.byteLength(value));
    this.need(value.length * BYTES_A_CHAR_MAX);
    this.at += this.bytes.write(value, this.at);
  }
}

const varintBytes = (value: number): number => {
  let rest = (value << 1) ^ (value >> 31);
  let count = 1;
  while (rest > 0x7f) {
    count++;
    rest >>>= 7;
  }
  return count;
};

/** The length of a record stands before it and is itself of varying length: written behind a gap that is then closed. */
const writeRecord = (to: Writer, { key, value, headers }: ProducedMessage, offsetDelta: number): void => {
  const start = to.at;
  to.need(VARINT_BYTES_MAX);
  to.at += VARINT_BYTES_MAX;
  to.int8(0); // attributes
  to.varint(0); // all records of a batch have its time
  to.varint(offsetDelta);
  to.sized(key);
  to.sized(value);
  const all: [string, string | Buffer][] = [];
  for (const name in headers) {
    const header = headers[name];
    if (Array.isArray(header)) for (const each of header) all.push([name, each]);
    else if (header !== undefined) all.push([name, header]);
  }
  to.varint(all.length);
  for (const [name, header] of all) {
    to.sized(name);
    to.sized(header);
  }
  const body = start + VARINT_BYTES_MAX;
  const length = to.at - body;
  const gap = VARINT_BYTES_MAX - varintBytes(length);
  to.bytes.copyWithin(body - gap, body, to.at);
  to.at = start;
  to.varint(length);
  to.at += length;
};

const MAGIC = 2;

/** A record batch of version 2, without compression, from a producer that is neither idempotent nor transactional. */
const writeBatch = (to: Writer, messages: readonly ProducedMessage[], now: bigint): void => {
  to.int64(0n); // base offset: the broker's to give
  const lengthAt = to.at;
  to.int32(0);
  to.int32(0); // partition leader epoch
  to.int8(MAGIC);
  const crcAt = to.at;
  to.int32(0);
  to.int16(0); // attributes
  to.int32(messages.length - 1); // last offset delta
  to.int64(now); // first and last time
  to.int64(now);
  to.int64(-1n); // producer id
  to.int16(0); // producer epoch
  to.int32(0); // first sequence
  to.int32(messages.length);
  for (let n = 0; n < messages.length; n++) writeRecord(to, messages[n]!, n);
  to.bytes.writeInt32BE(to.at - lengthAt - 4, lengthAt);
  to.bytes.writeUInt32BE(crc32c(to.bytes, crcAt + 4, to.at), crcAt);
};

const SIZE_A_MESSAGE = 512;

/** The body of a produce request, versions 3 to 7. */
export const encodeProduce = (acks: number, timeoutMs: number, topics: readonly TopicData[], now = Date.now()): Buffer => {
  let count = 0;
  for (const { partitions } of topics) for (const { messages } of partitions) count += messages.length;
  const to = new Writer(1_024 + count * SIZE_A_MESSAGE);
  to.int16(-1); // no transaction
  to.int16(acks);
  to.int32(timeoutMs);
  to.int32(topics.length);
  for (const { topic, partitions } of topics) {
    to.string(topic);
    to.int32(partitions.length);
    for (const { partition, messages } of partitions) {
      to.int32(Number(partition));
      const sizeAt = to.at;
      to.int32(0);
      writeBatch(to, messages, BigInt(now));
      to.bytes.writeInt32BE(to.at - sizeAt - 4, sizeAt);
    }
  }
  return to.bytes.subarray(0, to.at);
};

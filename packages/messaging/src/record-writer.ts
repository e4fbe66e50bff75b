/**
 * Produce requests, written in one pass into one buffer. kafkajs makes several buffers of half a KB for every message and header, which is
 * most of what a message costs. The format: https://kafka.apache.org/documentation/#recordbatch.
 */

/** What is written of a kafkajs message. */
export interface WireMessage {
  readonly key?: Buffer | string | null;
  readonly value: Buffer | string | null;
  readonly headers?: Readonly<Record<string, Buffer | string | readonly (Buffer | string)[] | undefined>>;
}

export interface TopicData {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly messages: readonly WireMessage[] }[];
}

// CRC-32C (Castagnoli), a byte at a time.
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let crc = index;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

const crc32c = (bytes: Buffer, from: number, to: number): number => {
  let crc = -1;
  for (let i = from; i < to; i++) crc = CRC_TABLE[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return (crc ^ -1) >>> 0;
};

const INITIAL_BYTES = 64 * 1024;
/** A varint of a length below 2^27 has at most this many bytes. */
const LENGTH_BYTES_MAX = 4;
/** Longest text whose length takes one byte as a varint: lengths are zigzag-coded. */
const SHORT_MAX = 63;

class Writer {
  #bytes = Buffer.allocUnsafe(INITIAL_BYTES);
  at = 0;

  /** Makes sure that `count` more bytes fit. */
  reserve(count: number): void {
    if (this.at + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.at + count));
    this.#bytes.copy(larger, 0, 0, this.at);
    this.#bytes = larger;
  }

  int16(value: number): void {
    this.at = this.#bytes.writeInt16BE(value, this.at);
  }

  int32(value: number): void {
    this.at = this.#bytes.writeInt32BE(value, this.at);
  }

  int64(value: number): void {
    this.at = this.#bytes.writeInt32BE(Math.floor(value / 2 ** 32), this.at);
    this.at = this.#bytes.writeUInt32BE(value >>> 0, this.at);
  }

  int32At(position: number, value: number): void {
    this.#bytes.writeInt32BE(value, position);
  }

  /** A length (or -1), zigzag-coded. */
  varint(value: number): void {
    let rest = value < 0 ? -2 * value - 1 : 2 * value;
    while (rest > 0x7f) {
      this.#bytes[this.at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.at++] = rest;
  }

  string(text: string): void {
    const length = Buffer.byteLength(text);
    this.reserve(length + 2);
    this.int16(length);
    this.at += this.#bytes.write(text, this.at);
  }

  varBytes(value: Buffer | string | null | undefined): void {
    if (value === null || value === undefined) return this.varint(-1);
    if (typeof value !== 'string') {
      this.reserve(value.length + LENGTH_BYTES_MAX);
      this.varint(value.length);
      this.at += value.copy(this.#bytes, this.at);
      return;
    }
    this.reserve(3 * value.length + LENGTH_BYTES_MAX);
    // Mostly one byte is enough for the length, which is known after writing.
    const length = this.#bytes.write(value, this.at + 1);
    if (length > SHORT_MAX) {
      this.varint(length);
      this.at += this.#bytes.write(value, this.at);
      return;
    }
    this.#bytes[this.at] = 2 * length;
    this.at += 1 + length;
  }

  /** Writes a body after its length, which is known only then. */
  sized(body: () => void): void {
    this.reserve(LENGTH_BYTES_MAX);
    const start = this.at;
    this.at += LENGTH_BYTES_MAX;
    body();
    const length = this.at - start - LENGTH_BYTES_MAX;
    this.at = start;
    this.varint(length);
    this.#bytes.copyWithin(this.at, start + LENGTH_BYTES_MAX, start + LENGTH_BYTES_MAX + length);
    this.at += length;
  }

  byte(value: number): void {
    this.#bytes[this.at++] = value;
  }

  crcAt(position: number, from: number): void {
    this.#bytes.writeUInt32BE(crc32c(this.#bytes, from, this.at), position);
  }

  /** A copy, since the buffer is used again. */
  taken(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.at));
  }
}

/** One for the process: a request is written without a pause in between. */
const writer = new Writer();

const HEADER_BYTES = 61;
const NO_PRODUCER = -1;

const writeHeader = (name: string, value: Buffer | string | undefined): void => {
  writer.varBytes(name);
  writer.varBytes(value);
};

const writeRecord = ({ key, value, headers = {} }: WireMessage, offsetDelta: number): void =>
  writer.sized(() => {
    writer.reserve(16);
    writer.byte(0); // attributes
    writer.byte(0); // timestamp delta: all of a batch are written now
    writer.varint(offsetDelta);
    writer.varBytes(key);
    writer.varBytes(value);
    const names = Object.keys(headers);
    let count = 0;
    for (const name of names) {
      const header = headers[name];
      count += Array.isArray(header) ? header.length : 1;
    }
    writer.reserve(LENGTH_BYTES_MAX);
    writer.varint(count);
    for (const name of names) {
      const header = headers[name];
      if (Array.isArray(header)) for (const each of header as readonly (Buffer | string)[]) writeHeader(name, each);
      else writeHeader(name, header as Buffer | string | undefined);
    }
  });

const writeBatch = (messages: readonly WireMessage[], now: number): void => {
  writer.reserve(HEADER_BYTES);
  const start = writer.at;
  writer.int64(0); // first offset: the broker's to give
  writer.int32(0); // length, below
  writer.int32(NO_PRODUCER); // partition leader epoch: the broker's
  writer.byte(2); // magic
  writer.int32(0); // crc, below
  const checked = writer.at;
  writer.int16(0); // attributes: not compressed, create time
  writer.int32(messages.length - 1);
  writer.int64(now);
  writer.int64(now);
  writer.int64(NO_PRODUCER);
  writer.int16(NO_PRODUCER);
  writer.int32(NO_PRODUCER);
  writer.int32(messages.length);
  for (let i = 0; i < messages.length; i++) writeRecord(messages[i]!, i);
  writer.int32At(start + 8, writer.at - start - 12);
  writer.crcAt(start + 17, checked);
};

/** The body of a Produce request, version 3 to 8. */
export const writeProduceRequest = ({
  acks,
  timeout,
  topicData,
}: {
  acks: number;
  timeout: number;
  topicData: readonly TopicData[];
}): Buffer => {
  const now = Date.now();
  writer.at = 0;
  writer.int16(-1); // no transaction
  writer.int16(acks);
  writer.int32(timeout);
  writer.int32(topicData.length);
  for (const { topic, partitions } of topicData) {
    writer.string(topic);
    writer.reserve(4);
    writer.int32(partitions.length);
    for (const { partition, messages } of partitions) {
      writer.reserve(8);
      writer.int32(partition);
      const size = writer.at;
      writer.int32(0);
      writeBatch(messages, now);
      writer.int32At(size, writer.at - size - 4);
    }
  }
  return writer.taken();
};

/** A protobuf message as ts-proto makes it: its full name is in `$type`. */
export interface Payload {
  readonly $type: string;
}

/** A message to be sent. */
export interface OutMessage {
  /** Without the prefix of this installation. */
  readonly topic: string;
  /** Messages of one key go to one partition, for locality; nothing may depend on their order. */
  readonly key: string;
  /** CloudEvents id. Whoever sends the same message again sends the same id. */
  readonly id: string;
  readonly payload: Payload;
  /** The partition to write to; the send fails when there is none of that number. */
  readonly partition?: number;
  /** The partition to prefer; when there is none of that number, the key decides. */
  readonly partitionHint?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly traceparent?: string;
  /** CloudEvents time: when what it tells happened (default: now). */
  readonly time?: Date;
}

/** A message as it goes over the wire. */
export interface EncodedMessage {
  readonly topic: string;
  readonly key: string | Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string | Buffer>>;
  readonly partition?: number;
  readonly partitionHint?: number;
}

/** A record as it came from the broker, for dead letters. */
export interface RawRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>;
}

/** A message that was received and understood. */
export interface InMessage<P extends Payload = Payload> {
  /** Without the prefix of this installation. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly key: string;
  readonly id: string;
  /** The full proto name, the same as `payload.$type`. */
  readonly type: P['$type'];
  /** When its sender says that it happened or, of a command, that it was issued. */
  readonly time: Date;
  readonly payload: P;
  readonly headers: Readonly<Record<string, string>>;
  readonly traceparent?: string;
  readonly raw: RawRecord;
}

import type { Topic, UnknownMessage } from '@jumun/protos';

export type { Topic };

/** A message on its way out. Its payload's `$type` chooses the codec. */
export interface OutMessage {
  readonly topic: string;
  /** Chooses the partition, and with it what stays in order; correctness never depends on it. */
  readonly key: string;
  /** A partition to be used instead of the key's, if the topic has it. */
  readonly partitionHint?: number;
  /** The same for every repetition: receivers recognize repetitions by it. */
  readonly id: string;
  readonly payload: UnknownMessage;
  /** Of an undo: the id of the command that it undoes. */
  readonly undoes?: string;
  /** Of a command: the partition of the replies topic that its sender reads. */
  readonly replyPartition?: number;
  /** Of a reply: the id of the command that it answers. */
  readonly commandId?: string;
  /** Of a command: when it was asked first; of an event: when it happened. Default: now. */
  readonly time?: Date;
  /** W3C trace context. */
  readonly traceparent?: string;
}

/** A message that arrived and could be read. */
export interface InMessage {
  readonly topic: string;
  readonly partition: number;
  /** Decimal: offsets go beyond 2^53. */
  readonly offset: string;
  readonly key: string;
  readonly id: string;
  /** The full proto name of the payload. */
  readonly type: string;
  readonly time: Date;
  readonly payload: UnknownMessage;
  readonly undoes?: string;
  readonly replyPartition?: number;
  readonly commandId?: string;
  readonly traceparent?: string;
  /** SHA-256 (64 hex digits) over type, payload bytes and `undoes`: "same id, same content?". */
  readonly fingerprint: string;
}

export interface ConsumeOptions {
  /** Members of a group share the partitions. A new group starts at the beginning of its topics. */
  readonly group: string;
  readonly topics: readonly string[];
  /** Most messages in one call of `handle` (default 200: some tens of ms of work, far below the session time-out). */
  readonly batchSizeMax?: number;
  /**
   * Gets what is in hand of all partitions, in order within each; one call at a time. When it resolves, the messages are done for good.
   * A transient error calls it again with the same messages for as long as it lasts. Any other error divides the batch until the one
   * message at fault is alone, and that one becomes a dead letter.
   */
  handle(batch: readonly InMessage[]): Promise<void>;
}

export interface Consumer {
  /** Ends after the batch at hand; its offsets are committed, and the group is left. */
  stop(): Promise<void>;
  /** The partitions that this member has now; empty before it has joined. */
  ownedPartitions(topic: string): readonly number[];
  /** False before it has joined, and when the broker has not answered for a session time-out. */
  healthy(): boolean;
}

export interface Bus {
  /**
   * Resolves when the brokers have acknowledged every message. Rejects with `TransientError` when they have not for 20 s, and with
   * `SendError` for what no repetition heals. Some of the messages may have been written all the same.
   */
  send(messages: readonly OutMessage[]): Promise<void>;
  consume(options: ConsumeOptions): Promise<Consumer>;
  /** Creates those that do not exist. */
  createTopics(topics: readonly Topic[], options: { replicationFactor: number }): Promise<void>;
  /** Keeps the message as it came, with its origin and the reason, in `<topic>.dlq`. */
  deadLetter(message: InMessage, group: string, reason: string): Promise<void>;
  /** Stops consumers that still run, then disconnects. */
  close(): Promise<void>;
}

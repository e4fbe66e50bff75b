import type { Message, PartitionMetadata } from 'kafkajs';
import { UnknownPartitionError } from './errors.ts';

const M = 0x5bd1e995;
const SEED = 0x9747b28c;

/** 32-bit murmur2 as Kafka's Java client has it, so that a key has the same partition for everybody. */
export const murmur2 = (bytes: Buffer): number => {
  const { length } = bytes;
  let hash = SEED ^ length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    let k = Math.imul(bytes.readInt32LE(at), M);
    k = Math.imul(k ^ (k >>> 24), M);
    hash = Math.imul(hash, M) ^ k;
  }
  const rest = length - at;
  if (rest >= 3) hash ^= bytes[at + 2]! << 16;
  if (rest >= 2) hash ^= bytes[at + 1]! << 8;
  if (rest >= 1) hash = Math.imul(hash ^ bytes[at]!, M);
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return hash ^ (hash >>> 15);
};

/** kafkajs' message, which also takes along where we want it and learns where it went. */
export interface Addressed extends Message {
  readonly wanted?: number;
  readonly hint?: number;
}

const has = (metadata: readonly PartitionMetadata[], partition: number): boolean =>
  metadata.some(({ partitionId }) => partitionId === partition);

/** A partition by name if there is one, else by the key; round robin without a key. Notes its choice in the message. */
export const createPartitioner = () => {
  let turn = 0;
  return ({ topic, partitionMetadata, message }: { topic: string; partitionMetadata: PartitionMetadata[]; message: Message }): number => {
    const { wanted, hint, key } = message as Addressed;
    if (wanted !== undefined && !has(partitionMetadata, wanted)) throw new UnknownPartitionError(`${topic} has no partition ${wanted}`);
    const named = wanted ?? (hint !== undefined && has(partitionMetadata, hint) ? hint : undefined);
    if (named !== undefined) return (message.partition = named);
    const number = key === null || key === undefined ? turn++ : murmur2(Buffer.from(key as string)) & 0x7fffffff;
    return (message.partition = number % partitionMetadata.length);
  };
};

export interface PartitionOffset {
  readonly topic: string;
  readonly partition: number;
  /** The next offset to be read, as Kafka counts. */
  readonly offset: string;
}

interface Progress {
  /** The next offset that is not done; undefined before anything was. */
  done: bigint | undefined;
  committed: bigint | undefined;
}

/**
 * How far each partition is done. Batches are taken in the order of their partitions, one at a time, so the last message done is also the
 * end of what is contiguous. An assignment starts it anew: what was delivered before may by now be another member's.
 */
export class OffsetTracker {
  readonly #topics = new Map<string, Map<number, Progress>>();

  reset(assignment: Readonly<Record<string, readonly number[]>>): void {
    this.#topics.clear();
    for (const [topic, partitions] of Object.entries(assignment))
      this.#topics.set(topic, new Map(partitions.map((partition) => [partition, { done: undefined, committed: undefined }])));
  }

  owns(topic: string, partition: number): boolean {
    return this.#topics.get(topic)?.has(partition) ?? false;
  }

  partitions(topic: string): readonly number[] {
    return [...(this.#topics.get(topic)?.keys() ?? [])];
  }

  /** Never lowers what was done before; ignores partitions that are not ours. */
  markDone(topic: string, partition: number, offset: bigint): void {
    const progress = this.#topics.get(topic)?.get(partition);
    if (progress === undefined) return;
    const next = offset + 1n;
    if (progress.done === undefined || next > progress.done) progress.done = next;
  }

  /** What is done and not committed yet. */
  toCommit(): readonly PartitionOffset[] {
    const offsets: PartitionOffset[] = [];
    for (const [topic, partitions] of this.#topics)
      for (const [partition, { done, committed }] of partitions)
        if (done !== undefined && (committed === undefined || done > committed)) offsets.push({ topic, partition, offset: String(done) });
    return offsets;
  }

  committed(offsets: readonly PartitionOffset[]): void {
    for (const { topic, partition, offset } of offsets) {
      const progress = this.#topics.get(topic)?.get(partition);
      const value = BigInt(offset);
      if (progress !== undefined && (progress.committed === undefined || value > progress.committed)) progress.committed = value;
    }
  }

  /** Messages up to `end` (the partition's high watermark) that are not done; undefined while nothing is known. */
  lag(topic: string, partition: number, end: bigint): number | undefined {
    const done = this.#topics.get(topic)?.get(partition)?.done;
    return done === undefined ? undefined : Math.max(0, Number(end - done));
  }
}

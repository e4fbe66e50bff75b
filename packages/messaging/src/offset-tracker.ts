/** What is delivered and not yet committed of one partition, oldest first. */
interface Track {
  readonly offsets: bigint[];
  readonly done: boolean[];
  head: number;
  /** The offset to go on from: everything before it is done. */
  next: bigint | undefined;
  committed: bigint | undefined;
}

export interface PartitionOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/**
 * Knows how far each partition may be committed: up to the first delivered message that is not done. Messages may be done in any order.
 * An assignment starts it anew, since what was delivered before may by now be another's; within one, offsets only rise.
 */
export class OffsetTracker {
  readonly #tracks = new Map<string, Map<number, Track>>();

  reset(assignment: Readonly<Record<string, readonly number[]>>): void {
    this.#tracks.clear();
    for (const topic in assignment) {
      const partitions = new Map<number, Track>();
      for (const partition of assignment[topic]!) {
        partitions.set(partition, { offsets: [], done: [], head: 0, next: undefined, committed: undefined });
      }
      this.#tracks.set(topic, partitions);
    }
  }

  owns(topic: string, partition: number): boolean {
    return this.#tracks.get(topic)?.has(partition) ?? false;
  }

  partitions(topic: string): number[] {
    return [...(this.#tracks.get(topic)?.keys() ?? [])];
  }

  /** In the order of the partition. */
  delivered(topic: string, partition: number, offset: bigint): void {
    const track = this.#tracks.get(topic)?.get(partition);
    track?.offsets.push(offset);
    track?.done.push(false);
  }

  done(topic: string, partition: number, offset: bigint): void {
    const track = this.#tracks.get(topic)?.get(partition);
    if (track === undefined) return;
    // Nearly always the head itself: batches are worked on in order.
    const index = track.offsets[track.head] === offset ? track.head : track.offsets.indexOf(offset, track.head);
    if (index < 0) return;
    track.done[index] = true;
    while (track.done[track.head] === true) track.next = track.offsets[track.head++]! + 1n;
    if (track.head >= 1_024 || track.head === track.offsets.length) {
      track.offsets.splice(0, track.head);
      track.done.splice(0, track.head);
      track.head = 0;
    }
  }

  /** What could be committed and is not yet. */
  toCommit(): PartitionOffset[] {
    const result: PartitionOffset[] = [];
    for (const [topic, partitions] of this.#tracks)
      for (const [partition, { next, committed }] of partitions)
        if (next !== undefined && (committed === undefined || next > committed)) result.push({ topic, partition, offset: next });
    return result;
  }

  committed(offsets: readonly PartitionOffset[]): void {
    for (const { topic, partition, offset } of offsets) {
      const track = this.#tracks.get(topic)?.get(partition);
      if (track !== undefined && (track.committed === undefined || offset > track.committed)) track.committed = offset;
    }
  }

  /** How many messages of the partition are not done yet, given the end of its log. */
  lag(topic: string, partition: number, end: bigint): number {
    const track = this.#tracks.get(topic)?.get(partition);
    const next = track?.next ?? track?.offsets[track.head];
    return next === undefined ? 0 : Math.max(0, Number(end - next));
  }
}

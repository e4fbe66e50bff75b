import type { RawRecord, Received } from './codec.ts';

/** A fetched record: a message, or the reason why it cannot be read. */
export interface Arrival {
  readonly topic: string;
  readonly partition: number;
  readonly record: RawRecord;
  readonly message: Received | undefined;
  readonly reason: string;
}

/** What was fetched and waits for its batch. Whoever fills it looks at `isFull` before fetching more. */
export class ArrivalQueue {
  readonly #sizeMax: number;
  #items: Arrival[] = [];
  #wakeTaker: (() => void) | undefined;
  #wakeFiller: (() => void) | undefined;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  get isFull(): boolean {
    return this.#items.length >= this.#sizeMax;
  }

  get size(): number {
    return this.#items.length;
  }

  push(arrivals: readonly Arrival[]): void {
    for (const arrival of arrivals) this.#items.push(arrival);
    this.wake();
  }

  /** The oldest ones, of all partitions, in the order in which they came. */
  take(countMax: number): readonly Arrival[] {
    const taken = this.#items.splice(0, countMax);
    if (!this.isFull) this.#wakeFiller?.();
    return taken;
  }

  clear(): void {
    this.#items = [];
    this.#wakeFiller?.();
  }

  /** Ends the waiting of both sides. */
  wake(): void {
    this.#wakeTaker?.();
    if (!this.isFull) this.#wakeFiller?.();
  }

  /** Until something is there, or `wake`. */
  filled(): Promise<void> {
    if (this.#items.length > 0) return Promise.resolve();
    return new Promise((resolve) => (this.#wakeTaker = resolve));
  }

  /** Until there is room again, `wake`, or so many ms have passed. */
  async room(timeoutMs: number): Promise<void> {
    if (!this.isFull) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wakeFiller = resolve;
      timer = setTimeout(resolve, timeoutMs);
    });
    clearTimeout(timer);
  }
}

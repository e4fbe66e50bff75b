import type { InMessage, RawRecord } from './message.ts';

/** A record in hand: understood, or with the reason why it is not. */
export interface Arrival {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly bytes: number;
  readonly raw: RawRecord;
  readonly message: InMessage | undefined;
  readonly problem: string | undefined;
}

/** What a record takes of the memory, roughly, in bytes: its headers as well, which may be most of it. */
export const sizeOf = ({ key, value, headers }: RawRecord): number => {
  let bytes = 200 + (key?.length ?? 0) + (value?.length ?? 0);
  for (const name of Object.keys(headers)) {
    const header = headers[name];
    bytes += name.length;
    for (const each of Array.isArray(header) ? header : [header]) bytes += each?.length ?? 0;
  }
  return bytes;
};

/** Bounded by count and by size, so that a slow database costs waiting and not memory. */
export class Arrivals {
  #items: Arrival[] = [];
  #bytes = 0;
  #filled: (() => void) | undefined;
  #roomy: (() => void)[] = [];
  readonly #countMax: number;
  readonly #bytesMax: number;

  constructor(countMax: number, bytesMax: number) {
    this.#countMax = countMax;
    this.#bytesMax = bytesMax;
  }

  get isFull(): boolean {
    return this.#items.length >= this.#countMax || this.#bytes >= this.#bytesMax;
  }

  push(item: Arrival): void {
    this.#items.push(item);
    this.#bytes += item.bytes;
    this.wake();
  }

  /** Up to `countMax` items in the order of their arrival. */
  take(countMax: number): Arrival[] {
    const taken = this.#items.splice(0, countMax);
    for (const { bytes } of taken) this.#bytes -= bytes;
    this.#makeRoom();
    return taken;
  }

  clear(): void {
    this.#items = [];
    this.#bytes = 0;
    this.#makeRoom();
  }

  /** Resolves when there is something, or on `wake`. */
  filled(): Promise<void> {
    return this.#items.length > 0 ? Promise.resolve() : new Promise((resolve) => (this.#filled = resolve));
  }

  /** Resolves when there may be room. */
  room(): Promise<void> {
    return this.isFull ? new Promise((resolve) => this.#roomy.push(resolve)) : Promise.resolve();
  }

  wake(): void {
    this.#filled?.();
    this.#filled = undefined;
  }

  #makeRoom(): void {
    if (this.isFull) return;
    const waiting = this.#roomy;
    this.#roomy = [];
    for (const resolve of waiting) resolve();
  }
}

import { OverloadedError } from './errors.ts';

export interface BatcherOptions<In, Out> {
  /** Most items in one run. */
  sizeMax: number;
  /** Most items waiting besides the run in flight; beyond it callers get `OverloadedError` at once. */
  queueMax: number;
  /** Runs begin at least so many ms apart, so that they are fewer and larger, and so is all that follows from them. By default they need not. */
  intervalMs?: number;
  /** Does the batch; answers one result an item, in their order. Its error goes to every item of the batch. */
  run: (items: In[]) => Promise<Out[]>;
}

interface Waiting<In, Out> {
  item: In;
  resolve: (result: Out) => void;
  reject: (error: unknown) => void;
}

/**
 * Natural batching: an item that arrives when nothing is running goes at once (with those of the same tick), and whatever arrives while
 * a run is in flight makes up the next one. So a lone item never waits for company, and under load batches grow by themselves. With an
 * interval, what comes within it of a run that had company is company too; a batch that is full already does not wait.
 */
export const batcher = <In, Out>({ sizeMax, queueMax, intervalMs = 0, run }: BatcherOptions<In, Out>): ((item: In) => Promise<Out>) => {
  let queue: Waiting<In, Out>[] = [];
  let running = false;

  const runOne = async (batch: Waiting<In, Out>[]): Promise<void> => {
    try {
      const results = await run(batch.map(({ item }) => item));
      if (results.length !== batch.length) throw new Error(`a batch of ${batch.length} was answered with ${results.length} results`);
      batch.forEach(({ resolve }, i) => resolve(results[i] as Out));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };

  let nextRunAtMs = -Infinity;
  const work = async (): Promise<void> => {
    while (queue.length > 0) {
      const waitMs = nextRunAtMs - performance.now();
      if (waitMs > 0 && queue.length < sizeMax) await new Promise((resolve) => setTimeout(resolve, waitMs));
      const batch = queue.slice(0, sizeMax);
      queue = queue.slice(sizeMax);
      if (batch.length > 1) nextRunAtMs = performance.now() + intervalMs;
      await runOne(batch);
    }
    running = false;
  };

  return (item) => {
    if (queue.length >= queueMax) return Promise.reject(new OverloadedError(`${queueMax} items are waiting already`));
    return new Promise<Out>((resolve, reject) => {
      queue.push({ item, resolve, reject });
      if (running) return;
      running = true;
      queueMicrotask(() => void work());
    });
  };
};

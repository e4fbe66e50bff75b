import { setTimeout as pause } from 'node:timers/promises';

/** How often is looked: often enough not to be felt, seldom enough to leave the cores to what is waited for. */
const INTERVAL_MS = 20;

/**
 * Calls `check` until it neither throws nor answers false or undefined, and returns its answer. When `withinMs` have passed,
 * throws what `check` threw last.
 */
export const eventually = async <T>(check: () => T | Promise<T>, { withinMs = 30_000 }: { withinMs?: number } = {}): Promise<T> => {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      const result = await check();
      if (result !== undefined && (result as unknown) !== false) return result;
      if (Date.now() > deadline) throw new Error(`still ${String(result)} after ${withinMs} ms`);
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await pause(INTERVAL_MS);
  }
};

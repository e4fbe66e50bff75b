import { setTimeout as pause } from 'node:timers/promises';
import type { Lifecycle } from './lifecycle.ts';

/** What works by itself once it is open, such as a member of a consumer group. */
export interface Background {
  readonly healthy: () => boolean;
  readonly stop: () => unknown;
}

/** A join that is under way ends within that, unless it waits for the session of a member that died. */
const OPENS_WITHIN_MS = 2_000;

/**
 * Lets something open while the service answers already: after a crash a group keeps the dead member's place for a session time-out, and that
 * is no reason to answer nobody. The service is ready when it is open and healthy. A stop waits a little for what is just opening, so that a
 * member that joins late does not keep its partitions from others. When it cannot be opened at all, the process ends, as after any rejection
 * that nobody handles. Answers what is open by now.
 */
export const openInBackground = <T extends Background>(
  { readyWhen, onStop }: Pick<Lifecycle, 'readyWhen' | 'onStop'>,
  name: string,
  opening: Promise<T>,
): (() => T | undefined) => {
  let open: T | undefined;
  void opening.then((opened) => (open = opened));
  readyWhen(name, () => open?.healthy() ?? false);
  onStop(name, async () => {
    const patience = new AbortController();
    const given = pause(OPENS_WITHIN_MS, undefined, patience).catch(() => undefined);
    const opened = await Promise.race([opening, given]);
    patience.abort();
    await opened?.stop();
  });
  return () => open;
};

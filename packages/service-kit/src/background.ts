import type { Lifecycle } from './lifecycle.ts';

/** What works by itself once it is open, such as a member of a consumer group. */
export interface Background {
  readonly healthy: () => boolean;
  readonly stop: () => unknown;
}

/**
 * Lets something open while the service answers already: after a crash a group keeps the dead member's place for a session time-out, and that
 * is no reason to answer nobody. The service is ready when it is open and healthy, and a stop does not wait for what was never there. When it
 * cannot be opened at all, the process ends, as after any rejection that nobody handles. Answers what is open by now.
 */
export const openInBackground = <T extends Background>(
  { readyWhen, onStop }: Pick<Lifecycle, 'readyWhen' | 'onStop'>,
  name: string,
  opening: Promise<T>,
): (() => T | undefined) => {
  let open: T | undefined;
  void opening.then((opened) => (open = opened));
  readyWhen(name, () => open?.healthy() ?? false);
  onStop(name, () => open?.stop());
  return () => open;
};

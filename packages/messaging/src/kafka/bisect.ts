/**
 * Runs a batch; when it fails for a reason that lies in it, halves it, in order, until the one item at fault is alone, and hands that one
 * to `alone`. What `isOurFault` denies (a transient error) is thrown.
 */
export const bisect = async <T>(
  items: readonly T[],
  run: (items: readonly T[]) => Promise<void>,
  alone: (item: T, error: unknown) => Promise<void>,
  isOurFault: (error: unknown) => boolean,
): Promise<void> => {
  try {
    await run(items);
  } catch (error) {
    if (!isOurFault(error)) throw error;
    if (items.length === 1) return alone(items[0]!, error);
    const middle = items.length >>> 1;
    await bisect(items.slice(0, middle), run, alone, isOurFault);
    await bisect(items.slice(middle), run, alone, isOurFault);
  }
};

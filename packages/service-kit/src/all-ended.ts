/**
 * As `Promise.all`, but waits until all have ended, and then throws the first error in their order, not in that of time: for work that must not
 * go on once this has failed, or whose earlier error tells the cause.
 */
export const allEnded = async <const T extends readonly unknown[]>(work: T): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> => {
  const results = await Promise.allSettled(work);
  const values = results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
  return values as { -readonly [K in keyof T]: Awaited<T[K]> };
};

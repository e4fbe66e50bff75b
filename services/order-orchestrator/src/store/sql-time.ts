const REMEMBERED_MAX = 64;
const remembered = new Map<number, string>();

/** `DATETIME(3)` as SQL reads it, in UTC. A batch has few different times: all of them follow from one look at the database's clock. */
export const sqlTime = (ms: number): string => {
  let text = remembered.get(ms);
  if (text === undefined) {
    if (remembered.size >= REMEMBERED_MAX) remembered.clear();
    remembered.set(ms, (text = new Date(ms).toISOString().replace('T', ' ').slice(0, -1)));
  }
  return text;
};

/** `ms`, or NULL. */
export const sqlTimeOrNull = (ms: number | null | undefined): string | null => (ms === null || ms === undefined ? null : sqlTime(ms));

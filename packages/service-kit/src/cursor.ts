/** Where a list that is ordered by time and id, newest first, goes on. */
export interface Cursor {
  readonly at: Date;
  readonly id: string;
}

/** An opaque text for clients. It names its list, and has an end: what is cut off it is no other place in the list. */
export const encodeCursor = (list: string, { at, id }: Cursor): string =>
  Buffer.from(`${list} ${at.getTime()} ${id}.`).toString('base64url');

/** The last instant that a DATETIME column can hold; later ones are no SQL. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Null for a text that this list never answered. */
export const decodeCursor = (list: string, text: string): Cursor | null => {
  const [, at, id] = /^\w+ (\d{1,15}) ([\w-]{1,64})\.$/.exec(Buffer.from(text, 'base64url').toString('latin1')) ?? [];
  if (at === undefined || id === undefined || Number(at) > LAST_MS) return null;
  const cursor = { at: new Date(Number(at)), id };
  return encodeCursor(list, cursor) === text ? cursor : null; // base64url is read leniently
};

/** A page of a list out of `limit + 1` rows: the row too many only says that there is more. */
export const pageOf = <Row>(
  list: string,
  rows: readonly Row[],
  limit: number,
  cursorOf: (row: Row) => Cursor,
): { items: Row[]; nextCursor: string | undefined } => {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last !== undefined ? encodeCursor(list, cursorOf(last)) : undefined };
};

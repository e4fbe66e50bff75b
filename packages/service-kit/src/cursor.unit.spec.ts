import { decodeCursor, encodeCursor, pageOf } from './cursor.ts';

const cursor = { at: new Date('2026-01-02T03:04:05.678Z'), id: '019b7a3c-0000-7000-8000-000000000001' };

it('comes back as it was', () => expect(decodeCursor(encodeCursor(cursor))).toEqual(cursor));

it.each([
  '',
  'x',
  '%%%',
  Buffer.from('1 2 3').toString('base64url'),
  Buffer.from('-1 a').toString('base64url'),
  Buffer.from('999999999999999 a').toString('base64url'),
])('%j is none of ours', (text) => expect(decodeCursor(text)).toBeNull());

it('a page goes on only where there is more', () => {
  const rows = [3, 2, 1].map((n) => ({ at: new Date(n), id: String(n) }));
  expect(pageOf(rows, 2, (row) => row)).toEqual({ items: rows.slice(0, 2), nextCursor: encodeCursor(rows[1]!) });
  expect(pageOf(rows, 3, (row) => row)).toEqual({ items: rows, nextCursor: undefined });
  expect(pageOf([], 3, () => cursor)).toEqual({ items: [], nextCursor: undefined });
});

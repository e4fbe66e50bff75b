import { decodeCursor, encodeCursor, pageOf } from './cursor.ts';

const cursor = { at: new Date('2026-01-02T03:04:05.678Z'), id: '019b7a3c-0000-7000-8000-000000000001' };

const text = encodeCursor('things', cursor);

it('comes back as it was', () => expect(decodeCursor('things', text)).toEqual(cursor));

it.each([1, 2, 3, 4, 20, text.length - 1])('is none when its last %i characters are missing', (count) =>
  expect(decodeCursor('things', text.slice(0, -count))).toBeNull(),
);

it.each([
  '',
  'x',
  '%%%',
  `${text}!!`,
  ` ${text}`,
  `${text.slice(0, 9)}\n${text.slice(9)}`,
  encodeCursor('others', cursor),
  ...['1 2 3.', 'things -1 a.', 'things 999999999999999 a.', 'things 1 a', 'things 01 a.'].map((plain) =>
    Buffer.from(plain).toString('base64url'),
  ),
])('%j is none of ours', (bad) => expect(decodeCursor('things', bad)).toBeNull());

it('a page goes on only where there is more', () => {
  const rows = [3, 2, 1].map((n) => ({ at: new Date(n), id: String(n) }));
  expect(pageOf('things', rows, 2, (row) => row)).toEqual({ items: rows.slice(0, 2), nextCursor: encodeCursor('things', rows[1]!) });
  expect(pageOf('things', rows, 3, (row) => row)).toEqual({ items: rows, nextCursor: undefined });
  expect(pageOf('things', [], 3, () => cursor)).toEqual({ items: [], nextCursor: undefined });
});

import { newId } from './ids.ts';

it('makes UUIDs of version 7 that rise strictly, however fast they are made', () => {
  const before = Date.now();
  const ids = Array.from({ length: 50_000 }, newId);
  for (const id of [ids[0], ids[49_999]]) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(ids.every((id, i) => i === 0 || (ids[i - 1] as string) < id)).toBe(true);
  const time = parseInt((ids[0] as string).replace('-', '').slice(0, 12), 16);
  expect(time).toBeGreaterThanOrEqual(before);
  expect(time).toBeLessThan(before + 10_000);
});

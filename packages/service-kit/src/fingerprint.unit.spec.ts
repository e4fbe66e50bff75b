import { canonicalJson, fingerprint } from './fingerprint.ts';

it('does not count the order of members, at any depth', () => {
  const a = { items: [{ id: 1, quantity: 2 }], coupon: null, note: undefined };
  const b = { coupon: null, items: [{ quantity: 2, id: 1 }] };
  expect(fingerprint(a)).toBe(fingerprint(b));
  expect(canonicalJson(a)).toBe('{"coupon":null,"items":[{"id":1,"quantity":2}]}');
});

it.each([
  [{ a: 1 }, { a: '1' }],
  [
    [1, 2],
    [2, 1],
  ],
  [{ a: null }, {}],
  [{ ab: 'c' }, { a: 'bc' }],
])('tells %j from %j', (a, b) => {
  expect(fingerprint(a)).not.toBe(fingerprint(b));
});

it('is the SHA-256 of the canonical text', () => {
  expect(fingerprint({})).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
});

it.each([NaN, Infinity, () => {}, Symbol('x'), new Map(), new Uint8Array(1)])('refuses what is no data: %p', (value) => {
  expect(() => fingerprint({ value })).toThrow(TypeError);
});

import { etagOf, matchesEtag } from './etag.ts';
import { parseIdempotencyKey } from './idempotency-key.ts';
import { waitPreference } from './prefer.ts';
import { parseQuery } from './query.ts';
import { requestIdOf } from './request-state.ts';
import { parseTime } from './times.ts';

describe('Idempotency-Key', () => {
  it('is the same bare and quoted', () => {
    expect(parseIdempotencyKey('abc')).toEqual({ key: 'abc' });
    expect(parseIdempotencyKey('"abc"')).toEqual({ key: 'abc' });
    expect(parseIdempotencyKey('"a\\"b\\\\c"')).toEqual({ key: 'a"b\\c' });
    expect(parseIdempotencyKey('"a b"')).toEqual({ key: 'a b' });
    expect(parseIdempotencyKey('a"b, c')).toEqual({ key: 'a"b, c' });
    expect(parseIdempotencyKey('x'.repeat(255))).toEqual({ key: 'x'.repeat(255) });
    expect(parseIdempotencyKey(`"${'x'.repeat(255)}"`)).toEqual({ key: 'x'.repeat(255) });
  });
  it('may be missing', () => expect(parseIdempotencyKey(undefined)).toEqual({ missing: true }));
  it.each(['', '""', 'x'.repeat(256), 'schlüssel', 'a\tb', '"abc', '"a"b"', '"abc "', '" abc"', '" "', ' abc', 'abc\u00a0'])(
    'is not %j',
    (value) => {
      expect(parseIdempotencyKey(value)).toHaveProperty('mistake');
    },
  );
  it('is given once', () => expect(parseIdempotencyKey('a, b', 2)).toHaveProperty('mistake'));
});

describe('Prefer', () => {
  it.each([
    [undefined, 5_000, undefined],
    ['wait=10', 10_000, 'wait=10'],
    ['wait=0', 0, 'wait=0'],
    ['wait=99', 30_000, 'wait=30'],
    ['WAIT="7"; x=y', 7_000, 'wait=7'],
    ['wait=3, wait=9', 3_000, 'wait=3'],
    ['respond-async', 0, 'respond-async'],
    ['return=minimal, Respond-Async', 0, 'respond-async'],
    ['respond-async, wait=2', 2_000, 'respond-async, wait=2'],
    ['wait=soon', 5_000, undefined],
    ['wait=-1', 5_000, undefined],
    ['wait', 5_000, undefined],
    ['', 5_000, undefined],
  ])('%j', (header, waitMs, applied) => expect(waitPreference(header)).toEqual({ waitMs, applied }));
});

describe('query', () => {
  const read = (text: string) => {
    const { values, errors } = parseQuery(text);
    return [Object.fromEntries(values), errors.map(({ path }) => path)];
  };
  it.each([
    ['', {}, []],
    ['a=1&b=', { a: '1', b: '' }, []],
    ['q=%EA%B0%80+b%2B', { q: '가 b+' }, []],
    ['a=1&a=1', { a: '1' }, ['?a']],
    ['%61=1&a=2', { a: '1' }, ['?a']],
    ['q=%ff&r=%zz', {}, ['?q', '?r']],
    ['flag', { flag: '' }, []],
  ])('%j', (text, values, errors) => expect(read(text)).toEqual([values, errors]));
  it('stops at a hundred mistakes', () => expect(parseQuery('a&'.repeat(5_000)).errors).toHaveLength(100));
});

describe('times', () => {
  it.each([
    ['2026-01-31T00:00:00Z', '2026-01-31T00:00:00.000Z'],
    ['2026-01-31t09:30:15.123456+09:00', '2026-01-31T00:30:15.123Z'],
    ['2028-02-29T23:59:59-01:30', '2028-03-01T01:29:59.000Z'],
  ])('%s', (text, iso) => expect(parseTime(text)?.toISOString()).toBe(iso));
  it.each([
    '2026-01-31',
    '2026-02-30T00:00:00Z',
    '2026-01-31T24:00:00Z',
    '2026-01-31T00:00:00',
    '0001-01-01T00:00:00Z',
    '0070-01-01T00:00:00Z',
    '0099-12-31T23:59:59-01:30',
    '1970-01-01T00:00:00+01:00',
    '9999-12-31T23:59:59Z',
    'now',
    '',
  ])('none: %j', (text) => expect(parseTime(text)).toBeUndefined());
});

it('an entity tag changes with what is shown, and is compared weakly', () => {
  const tag = etagOf(7, { stock: 1 });
  expect(tag).toMatch(/^"7-[0-9a-f]{16}"$/);
  expect(etagOf(7, { stock: 2 })).not.toBe(tag);
  expect(matchesEtag(tag, tag)).toBe(true);
  expect(matchesEtag(`"x", W/${tag}`, tag)).toBe(true);
  expect(matchesEtag('*', tag)).toBe(true);
  expect(matchesEtag('"7"', tag)).toBe(false);
  expect(matchesEtag(undefined, tag)).toBe(false);
});

it('a request id is taken when it is sane', () => {
  const given = (id: string) => requestIdOf({ headers: { 'x-request-id': id } });
  expect(given('abc.D-1_')).toBe('abc.D-1_');
  for (const id of ['', 'a b', 'a'.repeat(129), 'a, b', '<script>', 'é']) expect(given(id)).toMatch(/^[0-9a-f-]{36}$/);
});

import { parseJson } from './strict-json.ts';

const parse = (text: string | Buffer) => {
  const { value, errors } = parseJson(Buffer.from(text));
  return { value, errors };
};
const mistakes = (text: string | Buffer) => parse(text).errors.map(({ path, message }) => `${path} ${message}`);

it('reads plain JSON as JSON.parse does', () => {
  for (const text of ['{}', '[]', '{"a":1,"b":[{"c":"x:y"},null,true]}', '{"a":"\\"{[:"}', ' {"이름":"값"} ', '"e.E"', '1', '1e3', '1.0'])
    expect(parse(text)).toEqual({ value: JSON.parse(text), errors: [] });
});

it('takes no bytes for no body', () => expect(parse('')).toEqual({ value: undefined, errors: [] }));

it.each([
  ['{"a":1,"a":1}', ['/a is given more than once']],
  ['{"a":1,"\\u0061":2}', ['/a is given more than once']],
  ['{"items":[{"b":1},{"x/y":1,"x/y":2}]}', ['/items/1/x~1y is given more than once']],
  ['{"__proto__":1,"__proto__":2}', ['/__proto__ is given more than once']],
  ['{"a":{"b":1,"b":2},"a":3}', ['/a/b is given more than once', '/a is given more than once']],
  ['{"amount":1000.00000000000000000001}', ['/amount must be an integer']],
  ['{"amount":1e-400}', ['/amount must be an integer']],
  ['{"name":"\\ud800"}', ['/name holds half a surrogate pair']],
  ['{"\\udc00":1}', [' holds half a surrogate pair']],
])('finds what JSON.parse passes over: %s', (text, expected) => expect(mistakes(text)).toEqual(expected));

it('leaves ordinary escapes, fractions and big numbers to the schema', () => {
  for (const text of [
    '{"a":"\\u00e9\\ud83d\\ude00"}',
    '{"a":1.5}',
    '{"a":9007199254740993}',
    '{"a":1e400}',
    '{"a":[1.0,true,false,{"b":2e2}]}',
  ])
    expect(parse(text)).toEqual({ value: JSON.parse(text), errors: [] });
});

it('makes `__proto__` and `constructor` ordinary members', () => {
  const { value } = parse('{"__proto__":{"role":"ADMIN"},"constructor":{"prototype":{"x":1}}}');
  expect(Object.keys(value as object)).toEqual(['__proto__', 'constructor']);
  expect(({} as Record<string, unknown>)['role']).toBeUndefined();
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
});

it.each([['{"a"'], ['{a:1}'], ["{'a':1}"], ['[1,]'], ['\ufeff{}'], ['{}{}'], ['NaN'], ['{"a":01}'], ['"\u0000"']])(
  'refuses what is no JSON: %j',
  (text) => {
    expect(mistakes(text)).toEqual([' is not valid JSON']);
  },
);

it('refuses invalid UTF-8', () => expect(mistakes(Buffer.from([0x22, 0xff, 0x22]))).toEqual([' is not valid UTF-8']));

it('refuses deep nesting, however deep, and reads what is within the limit', () => {
  expect(mistakes('['.repeat(200_000))).toEqual([' is nested more than 32 levels deep']);
  expect(mistakes('{"a":'.repeat(33) + '1' + '}'.repeat(33))).toEqual([' is nested more than 32 levels deep']);
  expect(mistakes('['.repeat(32) + ']'.repeat(32))).toEqual([]);
});

it('stops at a hundred mistakes, and shows the beginning of a long pointer', () => {
  const { errors } = parse(`{"${'n'.repeat(30_000)}":{${'"":0,'.repeat(500)}"x":"\\ud800"}}`);
  expect(errors).toHaveLength(100);
  expect(errors[0]).toEqual({ path: `/${'n'.repeat(199)}…`, message: 'is given more than once' });
  expect(mistakes(`[${'{"a":1.00000000000000000001},'.repeat(200)}[{"b":[]}]]`)).toHaveLength(100);
});

it('agrees with JSON.parse on random texts, and finds every member given twice', () => {
  let seed = 42;
  const random = (below: number): number => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) % below;
  const pick = <T>(from: readonly T[]): T => from[random(from.length)] as T;
  let twice = 0;
  const make = (depth: number): string => {
    const kind = depth > 4 ? random(4) : random(6);
    if (kind === 4) return `[${Array.from({ length: random(4) }, () => make(depth + 1)).join(' , ')}]`;
    if (kind !== 5) return pick(['"a:b"', '"{\\"x\\":"', '12', '-3', 'null', 'true', '2.5', '1e2', '"\\u0041"', '"가"']);
    const names = Array.from({ length: random(4) }, () => pick(['a', 'b', 'c', 'd:e', '}']));
    twice += names.length - new Set(names).size;
    return `{${names.map((name) => `${JSON.stringify(name)}: ${make(depth + 1)}`).join(',')}}`;
  };
  for (let i = 0; i < 5_000; i++) {
    twice = 0;
    const text = make(0);
    const { value, errors } = parse(text);
    expect(value).toEqual(JSON.parse(text));
    expect(errors).toHaveLength(twice);
  }
});

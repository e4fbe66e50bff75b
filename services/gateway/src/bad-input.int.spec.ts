import { randomUUID } from 'node:crypto';
import { rightBodies, spoiled } from '../test/bodies.ts';
import { openDocumented } from '../test/documented.ts';
import { type Answered, mint } from '../test/gateway.ts';
import { openShop, type Shop } from '../test/shop.ts';
import { openWire, type Wire } from '../test/wire.ts';
import type { RequestSchema } from './http/explain.ts';
import { bodyCheck } from './http/validate.ts';

/** Bad input over real HTTP, with the services behind: a 4xx problem each time, never a 5xx, and nothing of it in any book. */
const admin = mint({ role: 'ADMIN', sub: '0197a6c2-7d1e-7c3a-9b51-00000000ad00' });
let shop: Shop;
let wire: Wire;
let compare: Awaited<ReturnType<typeof openDocumented>>;
let buyer: { id: string; token: string };
let option: { productId: string; optionId: string };

const post = (path: string, token: string | undefined, body: unknown): Promise<Answered> =>
  wire.send(`POST ${path}`, { ...(token === undefined ? {} : { token }), key: randomUUID(), body: JSON.stringify(body) });

beforeAll(async () => {
  shop = await openShop();
  compare = await openDocumented(shop.gateway);
  wire = await openWire(shop.gateway);
  const credentials = { loginId: 'bad.input', password: 'correct horse' };
  const user = await post('/v1/users', undefined, { ...credentials, name: 'Kim' });
  const session = await post('/v1/sessions', undefined, credentials);
  buyer = { id: user.body['id'] as string, token: session.body['accessToken'] as string };
  await post('/v1/wallet/charges', buyer.token, { amount: 1_000_000 });
  const product = await post('/v1/admin/products', admin, { name: 'Tea', price: 1_000, stock: 100 });
  option = { productId: product.body['id'] as string, optionId: (product.body['options'] as { id: string }[])[0]?.id as string };
}, 150_000);
afterAll(async () => {
  wire?.close();
  await shop?.close();
});

const count = async (database: keyof Shop['databases'], table: string): Promise<number> =>
  (await shop.databases[database].db.query<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`))[0]?.n ?? -1;
/** All that a call could have left behind. */
const books = async (): Promise<unknown> => ({
  users: await count('wallet', 'users'),
  products: await count('catalog', 'products'),
  options: await count('catalog', 'product_options'),
  events: await count('coupon', 'coupon_events'),
  orders: await count('orders', 'orders'),
  keys: await Promise.all((['wallet', 'catalog', 'coupon', 'orders'] as const).map((database) => count(database, 'idempotency'))),
  wallet: (await wire.send('GET /v1/wallet', { token: buyer.token })).body['balance'],
  stock: (await wire.send(`GET /v1/products/${option.productId}`)).body['stock'],
});

const pathOf = (name: string): string =>
  ({
    user: '/v1/users',
    order: '/v1/orders',
    product: '/v1/admin/products',
    adjustment: `/v1/admin/options/${option.optionId}/stock-adjustments`,
    event: '/v1/admin/coupon-events',
    charge: '/v1/wallet/charges',
  })[name] ?? '';
const tokenOf = (name: string): string => (name === 'order' || name === 'charge' ? buyer.token : admin);

/** A few at once: of more sign-ups some would wait for their passwords' turn until they are refused. */
const inTurns = async <T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> => {
  for (let at = 0; at < items.length; at += 4) await Promise.all(items.slice(at, at + 4).map(work));
};

it.each(rightBodies)('every spoiled %s is a 400 that names a place, and leaves nothing', async (name, schema, right) => {
  const check = bodyCheck(schema);
  // As JSON a number that is none is null, and a member that is undefined is not there: what is judged is what is sent.
  const texts = [...new Set([...spoiled(right)].map((each) => JSON.stringify(each)))];
  const wrong = texts.filter((text) => check(JSON.parse(text)).length > 0);
  expect(wrong.length).toBeGreaterThan(30);
  const before = await books();
  await inTurns(wrong, async (text) => {
    const answer = await wire.send(`POST ${pathOf(name)}`, { token: tokenOf(name), key: randomUUID(), body: text });
    expect([text, answer.status, answer.body.code, answer.body.errors?.length === 0]).toEqual([text, 400, 'INVALID_REQUEST', false]);
  });
  expect(await books()).toEqual(before);
});

const strings = [
  '\0',
  '\u{1f600}',
  '\\',
  "' OR 1=1 -- ",
  '%_',
  '\u202e',
  'e\u0301',
  '\ufeff',
  '\uffff',
  '<script>',
  'a\nb\tc',
  '${x}',
  '한글',
];

/** Each text, number and time of a right body at the edge of what its schema takes. */
const extremes = function* (schema: RequestSchema, value: unknown): Generator<unknown> {
  const { minimum, maximum, maxLength, minLength = 0, properties = {}, items, format, pattern } = schema;
  const isPlain = schema.enum === undefined && pattern === undefined;
  if (typeof value === 'number') yield* [minimum ?? value, maximum ?? value];
  else if (format === 'date-time') yield* ['1970-01-01T00:00:00Z', '9998-12-31T23:59:59.999Z', '2026-01-31T23:59:59.999999999+14:00'];
  else if (typeof value === 'string' && isPlain) {
    for (const text of strings) yield text.repeat(Math.max(1, Math.ceil(minLength / text.length)));
    if (maxLength !== undefined) yield* ['\u{1f600}'.repeat(maxLength), '\0'.repeat(maxLength)];
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) for (const part of extremes(items ?? {}, item)) yield value.with(index, part);
    yield Array.from({ length: schema.maxItems ?? 1 }, () => value[0] as unknown);
  } else if (typeof value === 'object' && value !== null)
    for (const [member, inner] of Object.entries(value))
      for (const part of extremes(properties[member] ?? {}, inner)) yield { ...value, [member]: part };
};

it.each(rightBodies)('no extreme %s is a mistake of ours', async (name, schema, right) => {
  // Real ids where there are some, so that the call comes as far as it can.
  const known =
    name === 'order'
      ? {
          items: [
            { optionId: option.optionId, quantity: 1 },
            { productId: option.productId, quantity: 1 },
          ],
          couponId: randomUUID(),
        }
      : right;
  const bodies = [...extremes(schema as RequestSchema, known)];
  expect(bodies.length).toBeGreaterThan(5);
  let users = 0;
  await inTurns(bodies, async (body) => {
    const unique = name === 'user' ? { ...(body as object), loginId: `extreme.${++users}` } : body;
    const answer = await post(pathOf(name), tokenOf(name), unique);
    const isRight = answer.status < 500 && (answer.body.code === undefined) === answer.status < 400;
    expect([JSON.stringify(body), isRight]).toEqual([JSON.stringify(body), true]);
    // What was taken is kept as it was given.
    const given = 'name' in answer.body ? (unique as { name: string }).name : undefined;
    expect(answer.body['name']).toBe(given);
    expect(compare(`POST ${pathOf(name)}`, answer)).toEqual([]);
  });
});

it.each([
  '1',
  '999',
  '1000.0',
  '1e3',
  '9007199254740991',
  '1E+3',
  '-0',
  '1000.00',
  '9007199254740992',
  '1e400',
  '0x10',
  '١٠٠٠',
  '1_000',
  'NaN',
  '01000',
])('a charge of %s is exactly that, or refused', async (amount) => {
  const before = (await wire.send('GET /v1/wallet', { token: buyer.token })).body['balance'] as number;
  const answer = await wire.send('POST /v1/wallet/charges', { token: buyer.token, key: randomUUID(), body: `{"amount":${amount}}` });
  const after = (await wire.send('GET /v1/wallet', { token: buyer.token })).body['balance'] as number;
  expect([answer.status, after - before]).toEqual(Number(amount) === 1_000 && amount.startsWith('1') ? [201, 1_000] : [400, 0]);
});

it('lists take any query without a mistake of ours', async () => {
  const texts = [...strings, '%', '*', '+-@~"()<>', 'a*', '"', 'x'.repeat(100)].map(encodeURIComponent);
  const cursors = [
    'x',
    'bnVsbA',
    'e30',
    'W10',
    Buffer.from('{"at":"x","id":1}').toString('base64url'),
    'A'.repeat(500),
    '%00',
    '-1',
    '🙂'.repeat(100),
  ];
  const calls = [
    ...texts.flatMap((text) => [`/v1/products?q=${text}`, `/v1/products?category=${text}`]),
    ...[
      'page=2147483647&size=100',
      'page=2147483648',
      'page=9007199254740991',
      'size=0',
      'sort=--price',
      'status=',
      'q',
      '=',
      '&&',
      '%',
    ].map((query) => `/v1/products?${query}`),
    ...['/v1/orders', '/v1/coupons', '/v1/wallet/transactions'].flatMap((path) =>
      cursors.map((cursor) => `${path}?cursor=${encodeURIComponent(cursor)}`),
    ),
    ...['%00', '%F0%9F%99%82', '..%2f..', '%2e%2e', "'", 'x'.repeat(10_000)].flatMap((id) => [
      `/v1/products/${id}`,
      `/v1/orders/${id}`,
      `/v1/orders/${id}/timeline`,
    ]),
  ];
  await inTurns(calls, async (call) => {
    const answer = await wire.send(`GET ${call}`, { token: buyer.token });
    expect([call, answer.status < 500, answer.status < 400 || answer.body.code !== undefined]).toEqual([call, true, true]);
  });
});

describe('headers', () => {
  const wish = (): string => JSON.stringify({ items: [{ optionId: option.optionId, quantity: 1 }] });

  it.each<[string, readonly string[], number, string]>([
    ['two keys', ['Idempotency-Key', 'a', 'Idempotency-Key', 'b'], 400, 'INVALID_REQUEST'],
    ['one key twice', ['Idempotency-Key', 'a', 'Idempotency-Key', 'a'], 400, 'INVALID_REQUEST'],
    ['a key with a space at its end', ['Idempotency-Key', '"a "'], 400, 'INVALID_REQUEST'],
    ['a key that is no ASCII', ['Idempotency-Key', 'ключ'.normalize().replace(/./gu, '\u00fc')], 400, 'INVALID_REQUEST'],
    ['no key', [], 400, 'IDEMPOTENCY_KEY_REQUIRED'],
    ['a compressed body', ['Idempotency-Key', 'a', 'Content-Encoding', 'br'], 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ])('%s: refused, and no order', async (_, headers, status, code) => {
    const before = await books();
    const answer = await wire.send('POST /v1/orders', { token: buyer.token, headers, body: wish() });
    expect([answer.status, answer.body.code, compare('POST /v1/orders', answer)]).toEqual([status, code, []]);
    expect(await books()).toEqual(before);
  });

  it('of two tokens the first counts', async () => {
    const headers = ['Authorization', `Bearer ${buyer.token}`, 'Authorization', `Bearer ${admin}`, 'Idempotency-Key', 'a'];
    expect((await wire.send('GET /v1/wallet', { headers })).status).toBeLessThan(500);
    expect((await wire.send('POST /v1/admin/products', { headers, body: '{"name":"x","price":1}' })).status).toBe(403);
  });

  it.each(['', 'wait=-1', 'wait=1e9', 'wait', 'respond-async=no', ',;=,', 'wait="', 'x'.repeat(8_000)])(
    'Prefer, odd value %#, is no mistake',
    async (prefer) => {
      const answer = await wire.send('POST /v1/orders', {
        token: buyer.token,
        key: randomUUID(),
        headers: ['Prefer', prefer],
        body: wish(),
      });
      expect([201, 202]).toContain(answer.status);
    },
  );

  it.each(['"', 'W/', '*, *', ',', 'x'.repeat(8_000)])('If-None-Match, odd value %#, is no mistake', async (tag) => {
    expect((await wire.send(`GET /v1/products/${option.productId}`, { headers: ['If-None-Match', tag] })).status).toBeLessThan(400);
  });
});

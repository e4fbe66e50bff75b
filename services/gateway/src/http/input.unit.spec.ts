import { connect } from 'node:net';
import { eventually } from '@jumun/testkit';
import { documentedAsker } from '../../test/documented.ts';
import { type Answered, asker, mint, openTestGateway, stopClock } from '../../test/gateway.ts';
import type { Gateway } from '../gateway.ts';

let gateway: Gateway;
let ask: ReturnType<typeof asker>;
const customer = mint();
const admin = mint({ role: 'ADMIN' });
const id = '0197a6c2-7d1e-7c3a-9b51-3f0e2d4c5b6a';
const order = { items: [{ productId: id, quantity: 1 }] };
const signUp = { loginId: 'minji', name: 'Kim', password: 'correct horse' };

beforeAll(async () => {
  gateway = await openTestGateway();
  ask = await documentedAsker(gateway, asker(gateway));
});
afterAll(() => gateway.stop(1_000));

const paths = ({ body }: Answered): string[] => (body.errors ?? []).map(({ path }) => path);
/** A problem as it must be, told in short: its status, its code, and what is not as it must be. */
const problemIn = ({ status, headers, body }: Answered): unknown[] => {
  const { code = '', type, title, detail, requestId } = body;
  const told = [
    type === `https://api.example/docs/errors#${code}`,
    typeof title,
    typeof detail,
    requestId === headers['x-request-id'],
    body['status'] === status,
  ];
  const isRight = JSON.stringify(told) === '[true,"string","string",true,true]' && headers['content-type'] === 'application/problem+json';
  return isRight ? [status, code] : [status, code, headers, body];
};

describe('a problem', () => {
  it('names everything that is wrong at once: query, body, header', async () => {
    const answer = await ask('POST /v1/orders?page=1', { token: customer, key: 'schlüssel', body: { items: [], x: 1 } });
    expect(problemIn(answer)).toEqual([400, 'INVALID_REQUEST']);
    expect(paths(answer)).toEqual(['?page', '/items', '/x', 'Idempotency-Key']);
    expect(answer.body['detail']).toBe('?page: is not known here (and 3 more)');
  });
  it('carries the request id that the client gave, or one of ours', async () => {
    expect((await ask('GET /nope', { headers: { 'x-request-id': 'mine.1' } })).body['requestId']).toBe('mine.1');
    expect((await ask('GET /nope', { headers: { 'x-request-id': 'a b' } })).body['requestId']).toMatch(/^[0-9a-f-]{36}$/);
    expect((await ask('GET /livez')).headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('bodies', () => {
  it.each<[string, unknown, string[]]>([
    ['nothing', undefined, ['']],
    ['an empty body', '', ['']],
    ['text that is no JSON', '{"a"', ['']],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), ['']],
    ['deep nesting', '['.repeat(100_000), ['']],
    ['an array', [], ['']],
    ['null', 'null', ['']],
    ['a text', '"x"', ['']],
    ['an empty object', {}, ['/loginId', '/name', '/password']],
    ['unknown members', { ...signUp, role: 'ADMIN' }, ['/role']],
    ['__proto__', `{"loginId":"minji","name":"Kim","password":"correct horse","__proto__":{"role":"ADMIN"}}`, ['/__proto__']],
    ['constructor', `{"loginId":"minji","name":"Kim","password":"correct horse","constructor":{"prototype":{}}}`, ['/constructor']],
    ['a member twice', `{"loginId":"minji","name":"Kim","password":"correct horse","name":"Lee"}`, ['/name']],
    ['a member twice and more', `{"loginId":"M","name":"Kim","password":"correct horse","name":5}`, ['/name', '/loginId', '/name']],
    ['half a character', `{"loginId":"minji","name":"\\ud83d","password":"correct horse"}`, ['/name']],
    ['other types', { loginId: 1, name: null, password: ['x'] }, ['/loginId', '/name', '/password']],
    ['too short', { loginId: 'ab', name: '', password: '1234567' }, ['/loginId', '/name', '/password']],
    ['too long', { loginId: 'a'.repeat(51), name: 'n'.repeat(101), password: 'p'.repeat(129) }, ['/loginId', '/name', '/password']],
    ['upper case', { ...signUp, loginId: 'Minji' }, ['/loginId']],
  ])('refuses %s', async (_, body, expected) => {
    const answer = await ask('POST /v1/users', { body, headers: { 'content-type': 'application/json' } });
    expect(problemIn(answer)).toEqual([400, 'INVALID_REQUEST']);
    expect(paths(answer)).toEqual(expected);
  });

  it('tells little of a body that has nothing but mistakes, each below a name of half its size', async () => {
    const body = `{"${'n'.repeat(130_000)}":{${'"":0,'.repeat(22_000)}"":0}}`;
    const answer = await ask('POST /v1/users', { body, headers: { 'content-type': 'application/json' } });
    expect(problemIn(answer)).toEqual([400, 'INVALID_REQUEST']);
    expect(paths(answer)).toHaveLength(100);
    expect(JSON.stringify(answer.body).length).toBeLessThan(30_000);
  });

  it.each<[string, string]>([
    ['a fraction', '1000.5'],
    ['a hidden fraction', '1000.00000000000000000001'],
    ['2^53', '9007199254740992'],
    ['beyond all numbers', '1e999'],
    ['a text', '"1000"'],
    ['zero', '0'],
    ['less', '-1000'],
    ['true', 'true'],
    ['null', 'null'],
  ])('refuses %s as an amount', async (_, literal) => {
    const answer = await ask('POST /v1/wallet/charges', { token: customer, key: 'k', body: `{"amount":${literal}}` });
    expect(problemIn(answer)).toEqual([400, 'INVALID_REQUEST']);
    expect(paths(answer)).toEqual(['/amount']);
  });

  it.each<[string, unknown, string[]]>([
    ['no items', { items: [] }, ['/items']],
    ['too many', { items: Array.from({ length: 101 }, () => order.items[0]) }, ['/items']],
    ['neither product nor option', { items: [{ quantity: 1 }] }, ['/items/0/productId']],
    ['both', { items: [{ productId: id, optionId: id, quantity: 1 }] }, ['/items/0/productId']],
    [
      'quantities',
      { items: [0, 10_000, 1.5, '1'].map((quantity) => ({ productId: id, quantity })) },
      [0, 1, 2, 3].map((i) => `/items/${i}/quantity`),
    ],
    ['deferred payment, which is still to come', { ...order, paymentMode: 'DEFERRED' }, ['/paymentMode']],
    ['a coupon that is null', { ...order, couponId: null }, ['/couponId']],
  ])('refuses orders with %s', async (_, body, expected) => {
    const answer = await ask('POST /v1/orders', { token: customer, key: 'k', body });
    expect(problemIn(answer)).toEqual([400, 'INVALID_REQUEST']);
    expect(paths(answer)).toEqual(expected);
  });

  const event = {
    name: 'x',
    discount: { type: 'PERCENT', value: 10 },
    totalQuantity: 1,
    opensAt: '2026-01-01T00:00:00Z',
    closesAt: '2026-01-02T00:00:00Z',
    couponValidUntil: '2026-01-02T00:00:00Z',
  };
  it.each<[string, string, unknown, string[]]>([
    ['percents over 100', '/v1/admin/coupon-events', { ...event, discount: { type: 'PERCENT', value: 101 } }, ['/discount/value']],
    [
      'a limit of a fixed discount',
      '/v1/admin/coupon-events',
      { ...event, discount: { type: 'FIXED', value: 1, maxDiscount: 1 } },
      ['/discount/maxDiscount'],
    ],
    [
      'an end before the start',
      '/v1/admin/coupon-events',
      { ...event, closesAt: event.opensAt, totalQuantity: 0 },
      ['/totalQuantity', '/closesAt'],
    ],
    ['no times', '/v1/admin/coupon-events', { ...event, opensAt: 'soon', couponValidUntil: 5 }, ['/opensAt', '/couponValidUntil']],
    [
      'years of another age',
      '/v1/admin/coupon-events',
      { ...event, opensAt: '0070-01-01T00:00:00Z', couponValidUntil: '0099-01-01T00:00:00Z' },
      ['/opensAt', '/couponValidUntil'],
    ],
    [
      'prices',
      '/v1/admin/products',
      { name: 'x', price: 1_000_000_001, options: [{ name: 'a', price: 0, stock: -1 }] },
      ['/price', '/options/0/price', '/options/0/stock'],
    ],
    ['a derived status', '/v1/admin/products', { name: 'x', price: 1, status: 'SOLD_OUT' }, ['/status']],
    ['stock beside options', '/v1/admin/products', { name: 'x', price: 1, stock: 1, options: [{ name: 'a', stock: 1 }] }, ['/stock']],
    ['no change', `/v1/admin/options/${id}/stock-adjustments`, { delta: 0, reason: '' }, ['/reason', '/delta']],
  ])('refuses %s', async (_, path, body, expected) => {
    const answer = await ask(`POST ${path}`, { token: admin, body });
    expect(problemIn(answer)).toEqual([400, 'INVALID_REQUEST']);
    expect(paths(answer)).toEqual(expected);
  });

  it('refuses one where none belongs, but takes an empty object', async () => {
    const answer = await ask(`POST /v1/coupon-events/nope/coupons`, { token: customer, body: {} });
    expect(problemIn(answer)).toEqual([404, 'COUPON_EVENT_NOT_FOUND']);
    expect(problemIn(await ask(`POST /v1/coupon-events/${id}/coupons`, { token: customer, body: { x: 1 } }))).toEqual([
      400,
      'INVALID_REQUEST',
    ]);
    expect(problemIn(await ask(`DELETE /v1/sessions/current`, { token: customer, body: { x: 1 } }))).toEqual([400, 'INVALID_REQUEST']);
  });
});

describe('what a body is', () => {
  it.each([
    'text/plain',
    'application/xml',
    'multipart/form-data; boundary=x',
    'application/json; charset=latin1',
    'application/merge-patch+json',
    'x',
  ])('is not %s', async (type) =>
    expect(problemIn(await ask('POST /v1/users', { body: signUp, headers: { 'content-type': type } }))).toEqual([
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ]),
  );
  it('has a type, and is not compressed', async () => {
    const bare = await gateway.app.inject({ method: 'POST', url: '/v1/users', payload: Buffer.from('{}') });
    expect(bare.statusCode).toBe(415);
    const zipped = await ask('POST /v1/users', { body: signUp, headers: { 'content-encoding': 'gzip' } });
    expect(problemIn(zipped)).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  });
  it('may say its charset', async () => {
    for (const type of ['application/json; charset=utf-8', 'application/json;charset="UTF-8"', 'Application/JSON'])
      expect(problemIn(await ask('POST /v1/users', { body: {}, headers: { 'content-type': type } }))).toEqual([400, 'INVALID_REQUEST']);
  });
  it('has 256 KiB at most', async () => {
    const body = (bytes: number): string => JSON.stringify({ x: 'y'.repeat(bytes - 8) });
    expect(problemIn(await ask('POST /v1/users', { body: body(256 * 1024 + 1) }))).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    expect(problemIn(await ask('POST /v1/users', { body: body(256 * 1024) }))).toEqual([400, 'INVALID_REQUEST']);
  });
});

describe('queries', () => {
  it.each<[string, string[]]>([
    ['page=0', ['?page']],
    ['page=1.5', ['?page']],
    ['page=01', ['?page']],
    ['page=+1', ['?page']],
    ['page=', ['?page']],
    ['page=99999999999999999999', ['?page']],
    ['size=101&page=-1', ['?size', '?page']],
    ['page=1&page=1', ['?page']],
    ['status=GONE&sort=stock', ['?status', '?sort']],
    ['limit=1', ['?limit']],
    ['__proto__=1&constructor=2', ['?__proto__', '?constructor']],
    ['q=%ff', ['?q']],
    [`q=${'x'.repeat(101)}`, ['?q']],
  ])('refuses products with %s', async (query, expected) => {
    const answer = await ask(`GET /v1/products?${query}`);
    expect(problemIn(answer)).toEqual([400, 'INVALID_REQUEST']);
    expect(paths(answer)).toEqual(expected);
  });
  it.each(['/v1/wallet/transactions', '/v1/orders', '/v1/coupons'])('refuses bad pages of %s', async (path) => {
    for (const query of ['limit=0', 'limit=101', 'limit=x', 'cursor=', 'page=1', `cursor=${'x'.repeat(501)}`])
      expect(problemIn(await ask(`GET ${path}?${query}`, { token: customer }))).toEqual([400, 'INVALID_REQUEST']);
  });
  it('refuses any where none belongs', async () => {
    expect(problemIn(await ask('GET /v1/wallet?userId=1', { token: customer }))).toEqual([400, 'INVALID_REQUEST']);
  });
});

describe('Idempotency-Key', () => {
  it.each(['/v1/orders', '/v1/wallet/charges'])('is required by POST %s', async (path) => {
    const body = path === '/v1/orders' ? order : { amount: 1_000 };
    expect(problemIn(await ask(`POST ${path}`, { token: customer, body }))).toEqual([400, 'IDEMPOTENCY_KEY_REQUIRED']);
    const bad = await ask(`POST ${path}`, { token: customer, body: { x: 1 } });
    expect(problemIn(bad)).toEqual([400, 'INVALID_REQUEST']);
    expect(paths(bad).at(-1)).toBe('Idempotency-Key');
  });
  it.each(['', '""', 'x'.repeat(256), 'é', '"abc "', '" "'])('is not %j', async (key) => {
    const answer = await ask('POST /v1/orders', { token: customer, body: order, headers: { 'idempotency-key': key } });
    expect(problemIn(answer)).toEqual([400, 'INVALID_REQUEST']);
    expect(paths(answer)).toEqual(['Idempotency-Key']);
    expect(answer.body['detail']).toMatch(/^Idempotency-Key: must /);
  });
  it('is looked at where it is honoured, and nowhere else', async () => {
    expect(problemIn(await ask('POST /v1/admin/products', { token: admin, key: 'é', body: { name: 'x', price: 1 } }))).toEqual([
      400,
      'INVALID_REQUEST',
    ]);
    expect(problemIn(await ask('POST /v1/sessions', { key: 'é', body: { loginId: '?', password: 'x' } }))).toEqual([
      401,
      'INVALID_CREDENTIALS',
    ]);
  });
});

describe('who calls', () => {
  it.each([
    'GET /v1/me',
    'GET /v1/wallet',
    'POST /v1/orders',
    'DELETE /v1/sessions/current',
    'POST /v1/admin/products',
    `GET /v1/orders/${id}/timeline`,
  ])('must be known for %s', async (call) => {
    for (const authorization of [
      undefined,
      'Bearer',
      'Bearer x.y.z',
      `Basic ${customer}`,
      `Bearer ${customer}x`,
      `Bearer ${mint({}, { expiresInMs: 1 })}`,
    ]) {
      if (authorization !== undefined) await new Promise((resolve) => setTimeout(resolve, 2));
      const answer = await ask(call, { headers: authorization === undefined ? {} : { authorization } });
      expect(problemIn(answer)).toEqual([401, 'UNAUTHENTICATED']);
      expect(answer.headers['www-authenticate']).toBe('Bearer');
    }
  });
  it('must be an administrator for what administrators do, before the input is looked at', async () => {
    for (const path of ['/v1/admin/products', '/v1/admin/coupon-events', `/v1/admin/options/${id}/stock-adjustments`])
      expect(problemIn(await ask(`POST ${path}`, { token: customer, body: 'nonsense' }))).toEqual([403, 'FORBIDDEN']);
  });
  it('is nobody on public calls with a bad token', async () => {
    expect(problemIn(await ask('GET /v1/products/nope', { headers: { authorization: 'Bearer nonsense' } }))).toEqual([
      404,
      'PRODUCT_NOT_FOUND',
    ]);
  });
  it('gets a 401 for what cannot be credentials or a refresh token', async () => {
    expect(problemIn(await ask('POST /v1/sessions', { body: { loginId: 'NOBODY', password: '' } }))).toEqual([401, 'INVALID_CREDENTIALS']);
    expect(problemIn(await ask('POST /v1/sessions', { body: { loginId: 'nobody', password: 'x'.repeat(300) } }))).toEqual([
      401,
      'INVALID_CREDENTIALS',
    ]);
    expect(problemIn(await ask('POST /v1/sessions/refresh', { body: { refreshToken: 'é' } }))).toEqual([401, 'INVALID_REFRESH_TOKEN']);
  });
});

describe('addresses', () => {
  it.each<[string, string]>([
    ['GET /v1/products/1', 'PRODUCT_NOT_FOUND'],
    [`GET /v1/products/${id.toUpperCase()}`, 'PRODUCT_NOT_FOUND'],
    [`GET /v1/products/${'x'.repeat(5_000)}`, 'PRODUCT_NOT_FOUND'],
    ['GET /v1/products/%00', 'PRODUCT_NOT_FOUND'],
    ['GET /v1/products/%zz', 'NOT_FOUND'],
    ["GET /v1/orders/1'--", 'ORDER_NOT_FOUND'],
    ['GET /v1/orders/x/timeline', 'ORDER_NOT_FOUND'],
    ['POST /v1/coupon-events/x/coupons', 'COUPON_EVENT_NOT_FOUND'],
    ['POST /v1/admin/options/x/stock-adjustments', 'OPTION_NOT_FOUND'],
    ['GET /v1/nothing', 'NOT_FOUND'],
    ['GET /v1/products/', 'PRODUCT_NOT_FOUND'],
    ['GET /v1/me/', 'NOT_FOUND'],
    ['GET /V1/ME', 'NOT_FOUND'],
    ['POST /', 'NOT_FOUND'],
    ['GET //', 'NOT_FOUND'],
    ['GET /docs/../../etc/passwd', 'NOT_FOUND'],
  ])('%s is not found', async (call, code) => expect(problemIn(await ask(call, { token: admin }))).toEqual([404, code]));

  it.each<[string, string]>([
    ['PUT /v1/wallet', 'GET, HEAD, OPTIONS'],
    ['DELETE /v1/orders', 'POST, GET, HEAD, OPTIONS'],
    ['GET /v1/users', 'POST, OPTIONS'],
    ['HEAD /v1/sessions', 'POST, OPTIONS'],
    ['POST /docs', 'GET, HEAD, OPTIONS'],
    ['PATCH /v1/sessions/current', 'DELETE, OPTIONS'],
  ])('%s is not allowed', async (call, allow) => {
    const answer = await ask(call, call.startsWith('HEAD') ? {} : { body: 'nonsense', headers: { 'content-type': 'x/y' } });
    expect(answer.status).toBe(405);
    expect(answer.headers['allow']).toBe(allow);
  });

  it('OPTIONS tells the methods, HEAD is GET without its body', async () => {
    const options = await ask('OPTIONS /v1/orders');
    expect([options.status, options.headers['allow']]).toEqual([204, 'POST, GET, HEAD, OPTIONS']);
    const head = await ask('HEAD /openapi.json');
    expect([head.status, Number(head.headers['content-length']) > 1_000, head.body]).toEqual([200, true, {}]);
    expect((await ask('HEAD /v1/me')).status).toBe(401);
  });

  it('what is no HTTP gets a problem too', async () => {
    await gateway.app.listen(0, '127.0.0.1');
    const { port } = gateway.app.getHttpServer().address() as { port: number };
    const said = (text: string): Promise<string> =>
      new Promise((resolve, reject) => {
        let answer = '';
        const socket = connect(port, '127.0.0.1', () => socket.write(text));
        socket.on('data', (chunk) => (answer += chunk.toString()));
        socket.on('close', () => resolve(answer));
        socket.on('error', reject);
      });
    const garbage = await said('HELLO\r\n\r\n');
    expect(garbage).toContain('HTTP/1.1 400');
    expect(garbage).toContain('"code":"INVALID_REQUEST"');
    expect(await said(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`)).toContain('too long together');
    expect(
      await said(
        'POST /v1/users HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 300000\r\n\r\n',
      ),
    ).toContain('PAYLOAD_TOO_LARGE');
  });
});

describe('services that are not there', () => {
  it('are 503 after the tries, with Retry-After and without a word about hosts', async () => {
    const answers = await Promise.all([
      ask('GET /v1/products'),
      ask('GET /v1/wallet', { token: customer }),
      ask('POST /v1/users', { body: signUp }),
      ask('POST /v1/wallet/charges', { token: customer, key: 'k', body: { amount: 1_000 } }),
      ask('POST /v1/orders', { token: customer, key: 'k', body: order, headers: { prefer: 'respond-async' } }),
      ask('GET /readyz'),
    ]);
    for (const answer of answers) {
      expect(problemIn(answer)).toEqual([503, 'UNAVAILABLE']);
      expect(answer.headers['retry-after']).toBe('2');
      expect(JSON.stringify(answer.body)).not.toMatch(/127\.0\.0\.1|grpc|ECONN|jumun\./i);
    }
  });
  it('do not make more than 10,000 orders wait', async () => {
    const clock = stopClock(); // else the first may have waited to their end before the last has come
    try {
      const codes: unknown[] = [];
      const waiting = Array.from({ length: 10_005 }, async (_, i) => {
        const { body } = await ask('POST /v1/orders', { token: customer, key: `k${i}`, body: order, headers: { prefer: 'wait=0' } });
        codes.push(body.code);
      });
      await eventually(() => codes.length === 5);
      expect(new Set(codes)).toEqual(new Set(['OVERLOADED']));
      clock.pass(10_000);
      await Promise.all(waiting);
      expect(codes.filter((code) => code === 'UNAVAILABLE')).toHaveLength(10_000);
    } finally {
      clock.goOn();
    }
  });
});

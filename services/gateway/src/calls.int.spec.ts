import { randomUUID } from 'node:crypto';
import { documentedAsker } from '../test/documented.ts';
import { type Answered, asker, mint, USER_ID } from '../test/gateway.ts';
import { openShop, type Shop } from '../test/shop.ts';

let shop: Shop;
let ask: ReturnType<typeof asker>;
const admin = mint({ role: 'ADMIN', sub: '0197a6c2-7d1e-7c3a-9b51-00000000ad00' });
const newKey = (): string => randomUUID();

beforeAll(async () => {
  shop = await openShop();
  ask = await documentedAsker(shop.gateway, asker(shop.gateway));
}, 150_000);
afterAll(() => shop?.close());

const problemOf = ({ status, body }: Answered): unknown => [status, body.code];

let users = 0;
const newUser = async (charge = 0): Promise<{ id: string; token: string; loginId: string }> => {
  const loginId = `user-${++users}`;
  const user = await ask('POST /v1/users', { body: { loginId, name: '김민지', password: 'correct horse' } });
  expect(user.status).toBe(201);
  const { body } = await ask('POST /v1/sessions', { body: { loginId, password: 'correct horse' } });
  const token = body['accessToken'] as string;
  if (charge > 0) {
    const answer = await ask('POST /v1/wallet/charges', { token, key: newKey(), body: { amount: charge } });
    expect(answer.status).toBe(201);
  }
  return { id: user.body['id'] as string, token, loginId };
};

interface ShownOption {
  id: string;
  name: string;
  price: number;
  stock: number;
  onHand?: number;
  reserved?: number;
}
const newProduct = async (body: Record<string, unknown> = {}): Promise<{ id: string; options: ShownOption[] }> => {
  const answer = await ask('POST /v1/admin/products', {
    token: admin,
    body: { name: 'Tea', price: 3_000, ...('options' in body ? {} : { stock: 10 }), ...body },
  });
  expect(problemOf(answer)).toEqual([201, undefined]);
  return answer.body as unknown as { id: string; options: ShownOption[] };
};

const soon = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();
const newEvent = async (body: Record<string, unknown> = {}): Promise<string> => {
  const event = {
    name: '10%',
    discount: { type: 'PERCENT', value: 10 },
    totalQuantity: 5,
    opensAt: soon(-1),
    closesAt: soon(1),
    couponValidUntil: soon(2),
  };
  const answer = await ask('POST /v1/admin/coupon-events', { token: admin, body: { ...event, ...body } });
  expect(problemOf(answer)).toEqual([201, undefined]);
  return answer.body['id'] as string;
};

describe('accounts', () => {
  it('sign up, in, refresh and out', async () => {
    const body = { loginId: 'min.ji', name: '김민지', password: 'correct horse' };
    const user = await ask('POST /v1/users', { body });
    expect(user).toMatchObject({ status: 201, body: { loginId: 'min.ji', name: '김민지', role: 'CUSTOMER' } });
    expect(Object.keys(user.body)).toEqual(['id', 'loginId', 'name', 'role', 'createdAt']);
    expect(problemOf(await ask('POST /v1/users', { body }))).toEqual([409, 'LOGIN_ID_TAKEN']);

    expect(problemOf(await ask('POST /v1/sessions', { body: { loginId: 'min.ji', password: 'wrong horse' } }))).toEqual([
      401,
      'INVALID_CREDENTIALS',
    ]);
    const session = await ask('POST /v1/sessions', { body: { loginId: 'min.ji', password: 'correct horse' } });
    expect(session).toMatchObject({ status: 201, body: { tokenType: 'Bearer', expiresIn: 900 } });
    const token = session.body['accessToken'] as string;
    expect((await ask('GET /v1/me', { token })).body).toEqual(user.body);

    const refreshToken = session.body['refreshToken'] as string;
    const second = await ask('POST /v1/sessions/refresh', { body: { refreshToken } });
    expect(second.status).toBe(201);
    expect(second.body['refreshToken']).not.toBe(refreshToken);
    expect((await ask('DELETE /v1/sessions/current', { token, headers: { 'content-type': 'application/json' } })).status).toBe(204);
    const after = await ask('POST /v1/sessions/refresh', { body: { refreshToken: second.body['refreshToken'] } });
    expect(problemOf(after)).toEqual([401, 'INVALID_REFRESH_TOKEN']);
    expect((await ask('GET /v1/me', { token })).status).toBe(200);
  });

  it('a refresh token that is used twice ends its session', async () => {
    const { loginId } = await newUser();
    const { body } = await ask('POST /v1/sessions', { body: { loginId, password: 'correct horse' } });
    const second = await ask('POST /v1/sessions/refresh', { body: { refreshToken: body['refreshToken'] } });
    expect(problemOf(await ask('POST /v1/sessions/refresh', { body: { refreshToken: body['refreshToken'] } }))).toEqual([
      401,
      'INVALID_REFRESH_TOKEN',
    ]);
    expect(problemOf(await ask('POST /v1/sessions/refresh', { body: { refreshToken: second.body['refreshToken'] } }))).toEqual([
      401,
      'INVALID_REFRESH_TOKEN',
    ]);
  });

  it('somebody who does not exist is nobody', async () => {
    expect(problemOf(await ask('GET /v1/me', { token: mint() }))).toEqual([401, 'UNAUTHENTICATED']);
  });
});

describe('wallet', () => {
  it('charges once a key, and refuses in order', async () => {
    const { token, id } = await newUser();
    expect(await ask('GET /v1/wallet', { token })).toMatchObject({
      status: 200,
      headers: { 'cache-control': 'no-store' },
      body: { userId: id, balance: 0 },
    });
    const charge = (amount: number, key = newKey()): Promise<Answered> => ask('POST /v1/wallet/charges', { token, key, body: { amount } });

    const first = await charge(5_000, 'abc');
    expect(first).toMatchObject({ status: 201, body: { amount: 5_000, balance: 5_000 } });
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    expect(await charge(5_000, '"abc"')).toMatchObject({ status: 201, body: first.body, headers: { 'idempotent-replayed': 'true' } });
    expect(problemOf(await charge(6_000, 'abc'))).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);

    expect((await charge(1_000_001)).body).toMatchObject({ code: 'INVALID_CHARGE_UNIT', unit: 1_000 });
    expect((await charge(1_001_000)).body).toMatchObject({ code: 'CHARGE_LIMIT_EXCEEDED', limit: 1_000_000 });
    for (let i = 0; i < 9; i++) expect((await charge(1_000_000)).status).toBe(201);
    expect((await charge(1_000_000)).body).toMatchObject({ code: 'BALANCE_LIMIT_EXCEEDED', limit: 10_000_000, balance: 9_005_000 });

    const page = await ask('GET /v1/wallet/transactions?limit=4', { token });
    const items = page.body['items'] as { type: string; amount: number; balanceAfter: number }[];
    expect(items[0]).toMatchObject({ type: 'CHARGE', amount: 1_000_000, balanceAfter: 9_005_000 });
    const next = await ask(`GET /v1/wallet/transactions?limit=100&cursor=${page.body['nextCursor'] as string}`, { token });
    expect([...items, ...(next.body['items'] as typeof items)].reduce((sum, { amount }) => sum + amount, 0)).toBe(9_005_000);
    expect(next.body['nextCursor']).toBeNull();
    expect((await ask('GET /v1/wallet/transactions?cursor=nonsense', { token })).body).toMatchObject({
      code: 'INVALID_REQUEST',
      errors: [{ path: '?cursor' }],
    });
    expect((await ask('GET /v1/wallet/transactions?type=REFUND', { token })).body).toEqual({ items: [], nextCursor: null });
  });

  it('fifty equal charges at once are one', async () => {
    const { token } = await newUser();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => ask('POST /v1/wallet/charges', { token, key: 'one', body: { amount: 1_000 } })),
    );
    expect(answers.every(({ status }) => status === 201)).toBe(true);
    expect(answers.filter(({ headers }) => headers['idempotent-replayed'] === undefined)).toHaveLength(1);
    expect((await ask('GET /v1/wallet', { token })).body['balance']).toBe(1_000);
  });
});

describe('products', () => {
  it('are shown with what can be bought; administrators see what is on hand', async () => {
    const { id, options } = await newProduct({
      name: '한정 차',
      description: 'First flush.',
      category: '차',
      options: [
        { name: 'a', stock: 3 },
        { name: 'b', price: 5_000, stock: 2 },
      ],
    });
    const shown = await ask(`GET /v1/products/${id}`);
    expect(shown).toMatchObject({
      status: 200,
      body: { id, name: '한정 차', description: 'First flush.', category: '차', price: 3_000, status: 'ON_SALE', stock: 5 },
    });
    expect(shown.body['options']).toEqual([
      { id: options[0]?.id, name: 'a', price: 3_000, stock: 3 },
      { id: options[1]?.id, name: 'b', price: 5_000, stock: 2 },
    ]);
    const toAdmin = (await ask(`GET /v1/products/${id}`, { token: admin })).body['options'] as ShownOption[];
    expect(toAdmin[0]).toMatchObject({ onHand: 3, reserved: 0 });

    const etag = String(shown.headers['etag']);
    const unchanged = await ask(`GET /v1/products/${id}`, { headers: { 'if-none-match': `"x", W/${etag}` } });
    expect([unchanged.status, unchanged.headers['etag'], unchanged.body]).toEqual([304, etag, {}]);
    const adjusted = await ask(`POST /v1/admin/options/${options[0]?.id}/stock-adjustments`, {
      token: admin,
      key: newKey(),
      body: { delta: -2, reason: 'broken' },
    });
    expect(adjusted).toMatchObject({ status: 201, body: { optionId: options[0]?.id, stock: 1, onHand: 1, reserved: 0 } });
    expect((await ask(`GET /v1/products/${id}`, { headers: { 'if-none-match': etag } })).status).toBe(200);

    const list = await ask(`GET /v1/products?q=${encodeURIComponent('한정')}&size=1&sort=-price&category=${encodeURIComponent('차')}`);
    expect(list.body).toMatchObject({ page: 1, size: 1, total: 1, items: [{ id }] });
    expect((await ask('GET /v1/products?page=2147483647')).body['items']).toEqual([]);
  });

  it('that are being prepared are not there for customers', async () => {
    const { id } = await newProduct({ status: 'PREPARING' });
    expect(problemOf(await ask(`GET /v1/products/${id}`, { token: mint() }))).toEqual([404, 'PRODUCT_NOT_FOUND']);
    expect((await ask(`GET /v1/products/${id}`, { token: admin })).body['status']).toBe('PREPARING');
  });

  it('are made once a key', async () => {
    const body = { name: 'Once', price: 1_000 };
    const first = await ask('POST /v1/admin/products', { token: admin, key: 'p1', body });
    const again = await ask('POST /v1/admin/products', { token: admin, key: 'p1', body: { price: 1_000.0, name: 'Once' } });
    expect(again).toMatchObject({
      status: 201,
      body: first.body,
      headers: { 'idempotent-replayed': 'true', location: `/v1/products/${String(first.body['id'])}` },
    });
    expect(first.body).toMatchObject({ status: 'SOLD_OUT', stock: 0, options: [{ name: 'Standard', stock: 0, onHand: 0, reserved: 0 }] });
  });

  it('stock cannot go below nothing', async () => {
    const { options } = await newProduct({ stock: 1 });
    const answer = await ask(`POST /v1/admin/options/${options[0]?.id}/stock-adjustments`, {
      token: admin,
      body: { delta: -2, reason: 'x' },
    });
    expect(problemOf(answer)).toEqual([409, 'STOCK_RESERVED']);
    expect(
      problemOf(await ask(`POST /v1/admin/options/${USER_ID}/stock-adjustments`, { token: admin, body: { delta: 1, reason: 'x' } })),
    ).toEqual([404, 'OPTION_NOT_FOUND']);
  });
});

describe('coupons', () => {
  it('are claimed, one each, until they are gone', async () => {
    const eventId = await newEvent({ totalQuantity: 1 });
    const [first, second] = [await newUser(), await newUser()];
    const claim = (token: string): Promise<Answered> => ask(`POST /v1/coupon-events/${eventId}/coupons`, { token });
    const coupon = await claim(first.token);
    expect(coupon).toMatchObject({ status: 201, body: { eventId, status: 'AVAILABLE', discount: { type: 'PERCENT', value: 10 } } });
    expect((await claim(first.token)).body).toMatchObject({ code: 'COUPON_ALREADY_ISSUED', couponId: coupon.body['id'] });
    expect(problemOf(await claim(second.token))).toEqual([409, 'COUPON_EXHAUSTED']);
    expect((await ask('GET /v1/coupons', { token: first.token })).body).toEqual({ items: [coupon.body], nextCursor: null });
    expect((await ask('GET /v1/coupons?status=USED', { token: first.token })).body).toEqual({ items: [], nextCursor: null });
  });
  it('are not there before their event opens', async () => {
    const eventId = await newEvent({ opensAt: soon(1), closesAt: soon(2) });
    const { token } = await newUser();
    expect(problemOf(await ask(`POST /v1/coupon-events/${eventId}/coupons`, { token }))).toEqual([409, 'COUPON_EVENT_NOT_OPEN']);
    expect(problemOf(await ask(`POST /v1/coupon-events/${USER_ID}/coupons`, { token }))).toEqual([404, 'COUPON_EVENT_NOT_FOUND']);
  });
});

describe('orders', () => {
  const place = (token: string, body: unknown, { key = newKey(), prefer }: { key?: string; prefer?: string } = {}): Promise<Answered> =>
    ask('POST /v1/orders', { token, key, body, headers: prefer === undefined ? {} : { prefer } });

  it('go through, are paid, listed and told step by step', async () => {
    const [buyer, product, eventId] = [await newUser(100_000), await newProduct({ name: 'Green', price: 9_999 }), await newEvent()];
    const coupon = await ask(`POST /v1/coupon-events/${eventId}/coupons`, { token: buyer.token });
    const couponId = coupon.body['id'] as string;
    const placed = await place(
      buyer.token,
      { items: [{ productId: product.id, quantity: 3 }], couponId, paymentMode: 'IMMEDIATE' },
      { prefer: 'wait=20' },
    );
    expect(problemOf(placed)).toEqual([201, undefined]);
    const { id } = placed.body as { id: string };
    expect(placed.headers).toMatchObject({ location: `/v1/orders/${id}`, 'preference-applied': 'wait=20' });
    expect(placed.body).toMatchObject({
      status: 'COMPLETED',
      paymentMode: 'IMMEDIATE',
      items: [
        {
          productId: product.id,
          optionId: product.options[0]?.id,
          unitPrice: 9_999,
          quantity: 3,
          cancelledQuantity: 0,
          discountShare: 2_999,
        },
      ],
      subtotal: 29_997,
      discount: 2_999,
      total: 26_998,
      refunded: 0,
      couponId,
      payment: { status: 'SUCCESS', paidAt: expect.any(String) },
      completedAt: expect.any(String),
    });
    expect(JSON.stringify(placed.body)).not.toContain('$type');
    expect((await ask('GET /v1/wallet', { token: buyer.token })).body['balance']).toBe(73_002);
    expect((await ask(`GET /v1/orders/${id}`, { token: buyer.token })).body).toEqual(placed.body);
    expect((await ask('GET /v1/orders?status=COMPLETED', { token: buyer.token })).body).toEqual({ items: [placed.body], nextCursor: null });
    const timeline = await ask(`GET /v1/orders/${id}/timeline`, { token: buyer.token });
    const kinds = (timeline.body['items'] as { kind: string; detail: unknown }[]).map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(['StockReserved', 'WalletDebited']));
    const stranger = await newUser();
    for (const path of [`/v1/orders/${id}`, `/v1/orders/${id}/timeline`])
      expect(problemOf(await ask(`GET ${path}`, { token: stranger.token }))).toEqual([404, 'ORDER_NOT_FOUND']);

    expect(problemOf(await place(buyer.token, { items: [{ productId: product.id, quantity: 1 }], couponId }))).toEqual([
      409,
      'COUPON_ALREADY_USED',
    ]);
  });

  it('are refused by the first rule that applies', async () => {
    const buyer = await newUser(1_000);
    const [tea, two, later] = [
      await newProduct({ stock: 2 }),
      await newProduct({
        options: [
          { name: 'a', stock: 1 },
          { name: 'b', stock: 1 },
        ],
      }),
      await newProduct({ status: 'SUSPENDED' }),
    ];
    const line = (product: { id: string }, quantity = 1): unknown => ({ productId: product.id, quantity });
    const refused = async (body: unknown): Promise<unknown> => {
      const { body: told } = await place(buyer.token, body);
      return told;
    };
    expect(await refused({ items: [line({ id: USER_ID }), line(tea, 9)], couponId: USER_ID })).toMatchObject({ code: 'PRODUCT_NOT_FOUND' });
    expect(await refused({ items: [{ optionId: USER_ID, quantity: 1 }] })).toMatchObject({ code: 'PRODUCT_NOT_FOUND' });
    expect(await refused({ items: [line(later), line({ id: 'tea!' })], couponId: 'x' })).toMatchObject({
      code: 'PRODUCT_NOT_FOUND',
      productId: 'tea!',
    });
    const long = '옵션'.repeat(8_000);
    expect(await refused({ items: [{ optionId: long, quantity: 1 }] })).toMatchObject({ code: 'PRODUCT_NOT_FOUND', productId: long });
    expect(await refused({ items: [line({ id: USER_ID }), line({ id: 'tea!' })] })).toMatchObject({ productId: USER_ID });
    expect(await refused({ items: [line(two)] })).toMatchObject({ code: 'INVALID_REQUEST', errors: [{ path: '/items/0/productId' }] });
    expect(await refused({ items: [line(later), line(tea, 9)] })).toMatchObject({ code: 'PRODUCT_NOT_ON_SALE' });
    const shortage = { productId: tea.id, optionId: tea.options[0]?.id, requested: 3, available: 2 };
    expect(await refused({ items: [line(tea, 2), line(tea, 1)], couponId: 'nonsense' })).toMatchObject({
      code: 'OUT_OF_STOCK',
      shortages: [shortage],
      ...shortage,
    });
    expect(await refused({ items: [line(tea)], couponId: 'nonsense' })).toMatchObject({ code: 'COUPON_NOT_FOUND', status: 404 });
    expect(await refused({ items: [line(tea)] })).toMatchObject({
      code: 'INSUFFICIENT_BALANCE',
      balance: 1_000,
      required: 3_000,
      shortBy: 2_000,
    });
    expect((await ask('GET /v1/orders', { token: buyer.token })).body).toEqual({ items: [], nextCursor: null });
    expect(problemOf(await place(mint(), { items: [line(tea)] }))).toEqual([401, 'UNAUTHENTICATED']);
  });

  it('are one, however often they are sent with one key', async () => {
    const [buyer, product] = [await newUser(100_000), await newProduct()];
    const body = { items: [{ productId: product.id, quantity: 1 }] };
    const answers = await Promise.all(Array.from({ length: 50 }, () => place(buyer.token, body, { key: 'same', prefer: 'wait=30' })));
    expect(new Set(answers.map(({ status, body: { id } }) => `${status} ${String(id)}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(201);
    expect(answers.filter(({ headers }) => headers['idempotent-replayed'] === undefined)).toHaveLength(1);
    for (const line of [
      { productId: product.id, quantity: 2 },
      { productId: 'malformed', quantity: 1 },
    ])
      expect(problemOf(await place(buyer.token, { items: [line] }, { key: 'same' }))).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    expect((await ask('GET /v1/orders', { token: buyer.token })).body['items']).toHaveLength(1);
  });

  it('do not keep those waiting who would rather not', async () => {
    const [buyer, product] = [await newUser(100_000), await newProduct()];
    const body = { items: [{ productId: product.id, quantity: 1 }] };
    const answer = await place(buyer.token, body, { key: 'async', prefer: 'respond-async' });
    expect(answer).toMatchObject({
      status: 202,
      headers: { 'preference-applied': 'respond-async', location: `/v1/orders/${String(answer.body['id'])}` },
    });
    expect(['PENDING', 'VALIDATING', 'PROCESSING']).toContain(answer.body['status']);
    const final = await place(buyer.token, body, { key: 'async', prefer: 'wait=20' });
    expect(final).toMatchObject({
      status: 201,
      headers: { 'idempotent-replayed': 'true' },
      body: { id: answer.body['id'], status: 'COMPLETED' },
    });
  });

  it('that compete for one wallet are paid as far as it goes, and the rest say why', async () => {
    const [buyer, product] = [await newUser(6_000), await newProduct({ stock: 100 })];
    const body = { items: [{ productId: product.id, quantity: 1 }] };
    const answers = await Promise.all(Array.from({ length: 10 }, () => place(buyer.token, body, { prefer: 'wait=30' })));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(2);
    const refusals = answers.filter(({ status }) => status === 400);
    expect(refusals).toHaveLength(8);
    for (const { body: told } of refusals)
      expect(told).toMatchObject({ code: 'INSUFFICIENT_BALANCE', required: 3_000, shortBy: expect.any(Number) });
    const cancelled = (await ask('GET /v1/orders?status=CANCELLED', { token: buyer.token })).body['items'] as {
      id: string;
      reason: unknown;
    }[];
    expect(new Set(cancelled.map(({ id }) => id))).toEqual(
      new Set(refusals.flatMap(({ body: { orderId } }) => (orderId === undefined ? [] : [orderId]))),
    );
    for (const { reason } of cancelled) expect(reason).toMatchObject({ code: 'INSUFFICIENT_BALANCE', required: 3_000 });
    expect((await ask('GET /v1/wallet', { token: buyer.token })).body['balance']).toBe(0);
  });
});

import { openDocumented } from '../../test/documented.ts';
import { type Asked, asker, mint, openTestGateway, stopClock } from '../../test/gateway.ts';
import type { Gateway } from '../gateway.ts';

const id = '0197a6c2-7d1e-7c3a-9b51-3f0e2d4c5b6a';
const [customer, admin] = [mint(), mint({ role: 'ADMIN' })];

let gateway: Gateway;
let limited: Gateway;
beforeAll(async () => {
  [gateway, limited] = await Promise.all([openTestGateway(), openTestGateway({ RATE_LIMIT_PER_USER: '1', RATE_LIMIT_PER_ADDRESS: '1' })]);
});
afterAll(() => Promise.all([gateway.stop(100), limited.stop(100)]));

/** Ways to be refused that are the same for every operation, and the status that each leads to; undefined where it is another. */
const provocations: readonly {
  what: string;
  status: (call: string, isAdmin: boolean) => number | undefined;
  asked: (call: string) => Asked;
  query?: string;
}[] = [
  { what: 'an unknown query parameter', status: () => 400, asked: () => ({ token: admin }), query: '?stranger=1' },
  {
    what: 'nobody’s token',
    status: (call) => (/^GET \/v1\/products|^POST \/v1\/(users|sessions)/.test(call) ? undefined : 401),
    asked: () => ({ token: 'nonsense' }),
  },
  { what: 'a customer’s token', status: (_, isAdmin) => (isAdmin ? 403 : undefined), asked: () => ({ token: customer }) },
  {
    what: 'a body of another type',
    status: (call) => (call.startsWith('GET') ? undefined : 415),
    asked: () => ({ token: admin, body: 'x', headers: { 'content-type': 'text/plain' } }),
  },
  {
    what: 'a body that is too large',
    status: (call) => (call.startsWith('GET') ? undefined : 413),
    asked: () => ({ token: admin, body: `"${'x'.repeat(256 * 1024)}"` }),
  },
];

const operations = async (): Promise<string[]> => {
  const { payload } = await gateway.app.inject({ method: 'GET', url: '/openapi.json' });
  const { paths } = JSON.parse(payload) as { paths: Record<string, Record<string, unknown>> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace('{id}', id)}`),
  );
};

it.each(provocations)('what $what leads to is documented for every operation', async ({ status, asked, query = '' }) => {
  const [ask, compare] = [asker(gateway), await openDocumented(gateway)];
  let provoked = 0;
  for (const call of await operations()) {
    const expected = status(call, call.includes('/admin/'));
    if (expected === undefined) continue;
    const answer = await ask(`${call}${query}`, asked(call));
    expect([call, answer.status, compare(call, answer)]).toEqual([call, expected, []]);
    provoked++;
  }
  expect(provoked).toBeGreaterThanOrEqual(3);
});

it('too many calls by one user, and signing up and in from one address, are documented for every operation', async () => {
  const [ask, compare, calls] = [asker(limited), await openDocumented(limited), await operations()];
  const clock = stopClock();
  try {
    for (const [index, call] of calls.entries()) {
      const token = mint({ role: 'ADMIN', sub: `0197a6c2-7d1e-7c3a-9b51-${String(index).padStart(12, '0')}` });
      const nonsense = { token, body: call.startsWith('GET') ? undefined : 'nonsense' };
      await ask(`${call}?stranger=1`, nonsense);
      const answer = await ask(`${call}?stranger=1`, nonsense);
      expect([call, answer.status, compare(call, answer)]).toEqual([call, 429, []]);
    }
  } finally {
    clock.goOn();
  }
});

it('services that are not there are documented, and so are keys and ids that are none', async () => {
  const [ask, compare] = [asker(gateway), await openDocumented(gateway)];
  const bodies: Readonly<Record<string, unknown>> = {
    'POST /v1/users': { loginId: 'minji', name: 'Kim', password: 'correct horse' },
    'POST /v1/sessions': { loginId: 'minji', password: 'correct horse' },
    'POST /v1/wallet/charges': { amount: 1_000 },
    'POST /v1/orders': { items: [{ productId: id, quantity: 1 }] },
    'POST /v1/admin/products': { name: 'Tea', price: 1 },
    [`POST /v1/admin/options/${id}/stock-adjustments`]: { delta: 1, reason: 'found' },
    'POST /v1/sessions/refresh': { refreshToken: 'x' },
  };
  const told = async (call: string, asked: Asked): Promise<unknown> => {
    const answer = await ask(call, asked);
    return [answer.status, answer.body.code, compare(call, answer)];
  };
  const calls = (await operations()).filter((call) => call.startsWith('GET') || call in bodies);
  const away = await Promise.all(
    calls.map((call) => told(call, { token: admin, key: 'k', body: bodies[call], headers: { prefer: 'respond-async' } })),
  );
  expect(away).toEqual(calls.map(() => [503, 'UNAVAILABLE', []]));
  for (const path of ['/v1/orders', '/v1/wallet/charges']) {
    const body = bodies[`POST ${path}`];
    expect(await told(`POST ${path}`, { token: customer, body })).toEqual([400, 'IDEMPOTENCY_KEY_REQUIRED', []]);
    expect(await told(`POST ${path}`, { token: customer, body, key: 'é' })).toEqual([400, 'INVALID_REQUEST', []]);
  }
  for (const call of (await operations()).filter((each) => each.includes(id)))
    expect(await told(call.replace(id, 'x'), { token: admin })).toEqual([404, expect.stringMatching(/_NOT_FOUND$/), []]);
});

import { asker, mint, openTestGateway, stopClock } from '../../test/gateway.ts';

it('limits users by user, and signing up and in by address', async () => {
  const gateway = await openTestGateway({ RATE_LIMIT_PER_USER: '3', RATE_LIMIT_PER_ADDRESS: '2' });
  const ask = asker(gateway);
  const clock = stopClock();
  try {
    const token = mint({ sub: '0197a6c2-7d1e-7c3a-9b51-000000000001' });
    const tries = await Promise.all(Array.from({ length: 4 }, () => ask('GET /v1/orders/x', { token })));
    expect(tries.map(({ status }) => status)).toEqual([404, 404, 404, 429]);
    expect(tries[3]).toMatchObject({
      body: { code: 'RATE_LIMITED' },
      headers: { 'retry-after': '1', 'ratelimit-policy': '"default";q=3;w=1', ratelimit: '"default";r=0;t=1' },
    });
    expect((await ask('GET /v1/orders/x', { token: mint({ sub: '0197a6c2-7d1e-7c3a-9b51-000000000002' }) })).status).toBe(404);
    const anonymous = await Promise.all(Array.from({ length: 10 }, () => ask('GET /v1/products/x')));
    expect(anonymous.every(({ status }) => status === 404)).toBe(true);
    const signIns = await Promise.all(Array.from({ length: 3 }, () => ask('POST /v1/sessions', { body: { loginId: '?', password: '' } })));
    expect(signIns.map(({ status }) => status)).toEqual([401, 401, 429]);
    expect(signIns[2]?.headers['ratelimit-policy']).toBe('"default";q=2;w=1');
    expect((await ask('POST /v1/users', { body: {} })).status).toBe(429);
    clock.pass(1_000);
    expect((await ask('POST /v1/users', { body: {} })).status).toBe(400);
  } finally {
    clock.goOn();
    await gateway.stop(100);
  }
});

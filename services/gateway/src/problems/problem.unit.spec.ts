import { refusal } from '@jumun/protos';
import { headersOf, invalidRequest, problemBody, refused, statusOf } from './problem.ts';

const shown = (from: ReturnType<typeof refused>): Record<string, unknown> =>
  JSON.parse(problemBody(from, 'https://x', 'r')) as Record<string, unknown>;

it('shows a refusal with its data, and says it in a sentence', () => {
  expect(shown(refused(refusal('insufficientBalance', { balance: 500, required: 1_500, shortBy: 1_000 }), { orderId: 'o' }))).toEqual({
    type: 'https://x/docs/errors#INSUFFICIENT_BALANCE',
    title: 'Insufficient balance',
    status: 400,
    detail: 'The wallet holds 500 won, the order costs 1500; 1000 are missing.',
    code: 'INSUFFICIENT_BALANCE',
    requestId: 'r',
    balance: 500,
    required: 1_500,
    shortBy: 1_000,
    orderId: 'o',
  });
});

it('puts the first shortage at top level too', () => {
  const shortages = [
    { productId: 'p', optionId: 'a', requested: 5, available: 0 },
    { productId: 'p', optionId: 'b', requested: 2, available: 1 },
  ];
  expect(shown(refused(refusal('outOfStock', { shortages })))).toMatchObject({
    code: 'OUT_OF_STOCK',
    status: 400,
    shortages,
    ...shortages[0],
  });
});

it('keeps 0 in the data of a refusal', () => {
  expect(refused(refusal('balanceLimitExceeded', { limit: 10, balance: 0 })).data).toEqual({ limit: 10, balance: 0 });
});

it('passes on what the owner of the data found wrong', () => {
  const errors = [{ path: '/items/0/productId', message: 'has several options' }];
  const answer = refused(refusal('invalidRequest', { errors }));
  expect(statusOf(answer)).toBe(400);
  expect(shown(answer)).toMatchObject({ code: 'INVALID_REQUEST', errors, detail: '/items/0/productId: has several options' });
});

it('lists a hundred mistakes, each with the beginning of its path', () => {
  const [body, last] = [`/${'n'.repeat(100_000)}`, `/${'n'.repeat(198)}\u{1f600}/x`];
  const answer = invalidRequest([
    { path: last, message: 'is wrong' },
    ...Array.from({ length: 5_000 }, () => ({ path: body, message: 'is wrong' })),
  ]);
  expect(shown(answer)['errors']).toHaveLength(100);
  expect(JSON.stringify(shown(answer)).length).toBeLessThan(30_000);
  expect(shown(answer)['detail']).toBe(`/${'n'.repeat(198)}\ufffd…: is wrong (and 99 more)`);
});

it('tells when trying again makes sense, and that nobody may keep it', () => {
  const kept = { 'cache-control': 'no-store' };
  expect(headersOf(refused(refusal('overloaded')))).toEqual({ ...kept, 'retry-after': '1' });
  expect(headersOf(refused(refusal('idempotencyInProgress')))).toEqual({ ...kept, 'retry-after': '1' });
  expect(headersOf(refused(refusal('invalidCredentials')))).toEqual({ ...kept, 'www-authenticate': 'Bearer' });
});

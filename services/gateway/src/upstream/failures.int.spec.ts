import { eventually } from '@jumun/testkit';
import { type Answered, asker, mint } from '../../test/gateway.ts';
import { openShop, type Shop } from '../../test/shop.ts';

let shop: Shop;
let ask: ReturnType<typeof asker>;
let token: string;
let productId: string;

beforeAll(async () => {
  shop = await openShop({ orchestrators: 2 });
  ask = asker(shop.gateway);
  await ask('POST /v1/users', { body: { loginId: 'buyer', name: 'Kim', password: 'correct horse' } });
  const { body } = await ask('POST /v1/sessions', { body: { loginId: 'buyer', password: 'correct horse' } });
  token = body['accessToken'] as string;
  for (let i = 0; i < 10; i++) await ask('POST /v1/wallet/charges', { token, key: `c${i}`, body: { amount: 1_000_000 } });
  const product = await ask('POST /v1/admin/products', {
    token: mint({ role: 'ADMIN' }),
    body: { name: 'Tea', price: 1_000, stock: 10_000 },
  });
  productId = product.body['id'] as string;
}, 150_000);
afterAll(() => shop?.close());

const place = (key: string, prefer = 'wait=25'): Promise<Answered> =>
  ask('POST /v1/orders', { token, key, body: { items: [{ productId, quantity: 1 }] }, headers: { prefer } });
const ordersMade = async (): Promise<number> => {
  const [row] = await shop.databases.orders.db.query<{ orders: number }>('SELECT COUNT(*) AS orders FROM orders');
  return row?.orders ?? 0;
};

it('a charge goes on when its service is killed and comes back, and is made once', async () => {
  const { balance } = (await ask('GET /v1/wallet', { token })).body as { balance: number };
  await place('spend', 'wait=25'); // room below the limit of 10,000,000
  shop.wallet.signal('SIGKILL');
  const charging = Array.from({ length: 20 }, (_, i) =>
    ask('POST /v1/wallet/charges', { token, key: 'again', body: { amount: 1_000 } }).then((answer) => [i, answer] as const),
  );
  const restarted = shop.restartWallet();
  const answers = (await Promise.all(charging)).map(([, answer]) => answer);
  await restarted;
  for (const { status, body } of answers)
    expect([[201], [503, 'UNAVAILABLE']]).toContainEqual(status === 201 ? [201] : [status, body.code]);
  const last = await eventually(async () => {
    const answer = await ask('POST /v1/wallet/charges', { token, key: 'again', body: { amount: 1_000 } });
    if (answer.status !== 201) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
    return answer;
  });
  expect(last.body['balance']).toBe(balance);
  const { items } = (await ask('GET /v1/wallet/transactions?type=CHARGE&limit=100', { token })).body as { items: { amount: number }[] };
  expect(items.filter(({ amount }) => amount === 1_000)).toHaveLength(1);
});

it('orders whose orchestrator is killed are placed by the other one, each once', async () => {
  const before = await ordersMade();
  const placing = Array.from({ length: 60 }, (_, i) => place(`kill-${i}`));
  await eventually(async () => (await ordersMade()) > before);
  shop.orchestrators[0]?.signal('SIGKILL');
  const answers = await Promise.all(placing);
  for (const { status, body } of answers) expect([201, 202]).toContain(body.code === undefined ? status : body.code);
  expect(new Set(answers.map(({ body }) => body['id'])).size).toBe(60);
  expect(await ordersMade()).toBe(before + 60);
  for (const [i, { body }] of answers.entries()) {
    const again = await eventually(
      async () => {
        const answer = await place(`kill-${i}`);
        if (answer.status !== 201) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
        return answer;
      },
      { withinMs: 40_000 },
    );
    expect(again.body['id']).toBe(body['id']);
  }
});

it('orders wait for nobody when no orchestrator is left', async () => {
  shop.orchestrators[1]?.signal('SIGKILL');
  const answer = await place('nobody', 'wait=0');
  expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '2' }, body: { code: 'UNAVAILABLE' } });
});

import { refusalData, type refusals, topicNames, wallet } from '@jumun/protos';
import { newId, retryWithBackoff } from '@jumun/service-kit';
import { eventually, killLeftovers, reflect } from '@jumun/testkit';
import { openDesk } from '@jumun/testkit/desk';
import { auditBooks, chargeRequest, debitCommand, openPurse, type Purse, rowsOf } from '../test/purse.ts';
import { type RunningWallet, runWallet } from '../test/running-wallet.ts';

let purse: Purse;
let service: RunningWallet;
let client: RunningWallet['client'];
beforeAll(async () => {
  purse = await openPurse();
  service = await runWallet(purse);
  ({ client } = service);
});
afterAll(async () => {
  await service?.stop();
  killLeftovers();
  await auditBooks(purse);
  await purse.close();
});

type Answer<Case extends string> = { outcome?: { $case: Case } | { $case: 'refused'; refused: refusals.Refusal } };

/** The data of the refusal that is expected. */
const refusalOf = ({ outcome }: Answer<string>): unknown =>
  outcome?.$case === 'refused' ? refusalData((outcome as { refused: refusals.Refusal }).refused) : outcome;

const loginId = (): string => `u-${newId()}`;
const PASSWORD = 'correct horse battery staple';

const isOverloaded = (error: unknown): boolean => (error as { details?: unknown }).details === 'OVERLOADED';

/** Asks again while too many passwords wait, as a client does that hears 503: the machine may be busy with other tests. */
const patiently = <T>(ask: () => Promise<T>): Promise<T> =>
  retryWithBackoff(() => ask(), { isRetryable: isOverloaded, baseMs: 200, attemptsMax: 30 });

const trySignUp = async (): Promise<wallet.User> => {
  const { outcome } = await client.createUser({ loginId: loginId(), name: '김주문', password: PASSWORD });
  if (outcome?.$case !== 'created') throw new Error('refused');
  return outcome.created;
};
const signUp = (): Promise<wallet.User> => patiently(trySignUp);

const signIn = async (login: string): Promise<wallet.Session> => {
  const { outcome } = await patiently(() => client.createSession({ loginId: login, password: PASSWORD }));
  if (outcome?.$case !== 'created') throw new Error('refused');
  return outcome.created;
};

const refresh = async (refreshToken: string): Promise<wallet.Session | undefined> => {
  const { outcome } = await client.refreshSession({ refreshToken });
  return outcome?.$case === 'refreshed' ? outcome.refreshed : undefined;
};

describe('users', () => {
  it('sign up with an empty wallet, and are found', async () => {
    const user = await signUp();
    expect(user).toMatchObject({ name: '김주문', role: wallet.Role.CUSTOMER, createdAt: expect.any(Date) });
    expect((await client.getUser({ userId: user.id })).user).toEqual(user);
    expect(await client.getWallet({ userId: user.id })).toMatchObject({ userId: user.id, balance: 0, updatedAt: expect.any(Date) });
  });

  it('who are not there are not found', async () => expect((await client.getUser({ userId: newId() })).user).toBeUndefined());

  it('get a login id once, also when ten want it at once, and the losers leave nothing', async () => {
    const wanted = loginId();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => patiently(() => client.createUser({ loginId: wanted, name: 'A', password: PASSWORD }))),
    );
    expect(answers.filter(({ outcome }) => outcome?.$case === 'created')).toHaveLength(1);
    expect(answers.filter((answer) => (refusalOf(answer) as { code?: string }).code === 'LOGIN_ID_TAKEN')).toHaveLength(9);
    expect(await purse.db.query('SELECT w.user_id FROM wallets w LEFT JOIN users u ON u.id = w.user_id WHERE u.id IS NULL')).toEqual([]);
  });

  it('a hundred at once do not keep a balance from being read', async () => {
    const user = await signUp();
    let [created, createdDuringOne, over] = [0, 0, false];
    const reads = (async () => {
      while (!over) {
        const before = created;
        await client.getWallet({ userId: user.id });
        createdDuringOne = Math.max(createdDuringOne, created - before);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, () =>
        trySignUp().then(
          () => void created++,
          (error: unknown) => (isOverloaded(error) ? 'overloaded' : error),
        ),
      ),
    );
    over = true;
    await reads;
    // On a machine that is busy with other things some hear that it is too much; nobody waits in vain.
    expect(outcomes.filter((outcome) => outcome !== undefined && outcome !== 'overloaded')).toEqual([]);
    expect(created).toBeGreaterThan(0);
    expect(createdDuringOne).toBeLessThanOrEqual(created / 2); // while one waits that waits for them all, most of them are created
  });

  it.each(['ab', 'Upper', 'a b c', '한글한글', 'x'.repeat(51)])('cannot be called %j', async (bad) =>
    expect(refusalOf(await client.createUser({ loginId: bad, name: 'A', password: PASSWORD }))).toMatchObject({ code: 'INVALID_REQUEST' }),
  );
});

describe('sessions', () => {
  it('begin with the password', async () => {
    const user = await signUp();
    const session = await signIn(user.loginId);
    expect(session.user).toEqual(user);
    const [id, secret] = session.refreshToken.split('.') as [string, string];
    expect(id).toBe(session.id);
    const [row] = await purse.db.query<{ secrets: string; days: number }>(
      'SELECT CONCAT(token_key, refresh_hash) AS secrets, ROUND(TIMESTAMPDIFF(SECOND, created_at, expires_at) / 86400) AS days FROM sessions WHERE id = ?',
      [id],
    );
    expect(row?.days).toBe(14);
    expect(row?.secrets).not.toContain(secret);
  });

  it.each([
    ['a wrong password', (login: string) => ({ loginId: login, password: 'wrong password' })],
    ['an unknown login id', () => ({ loginId: loginId(), password: PASSWORD })],
    ['a login id that nobody can have', () => ({ loginId: '한글', password: PASSWORD })],
  ])('do not begin with %s', async (_, credentials) => {
    const { loginId: login } = await signUp();
    expect(refusalOf(await patiently(() => client.createSession(credentials(login))))).toEqual({ code: 'INVALID_CREDENTIALS' });
  });

  it('do not begin for a customer of the benches, who has no password', async () => {
    const loadLogin = `load-${await purse.userWith(1_000)}`;
    for (const password of ['-', PASSWORD]) {
      const answer = await patiently(() => client.createSession({ loginId: loadLogin, password }));
      expect(refusalOf(answer)).toEqual({ code: 'INVALID_CREDENTIALS' });
    }
  });

  it('go on with each new token; a spent one ends them', async () => {
    const { loginId: login } = await signUp();
    const first = await signIn(login);
    const second = await refresh(first.refreshToken);
    expect(second).toMatchObject({ id: first.id, user: first.user });
    const third = await refresh(second?.refreshToken ?? '');
    expect(third).toBeDefined();
    expect(await refresh(first.refreshToken)).toBeUndefined();
    expect(await refresh(third?.refreshToken ?? '')).toBeUndefined();
  });

  it('do not end by a token that was never issued, whatever it has in common with one that was', async () => {
    const { loginId: login } = await signUp();
    const [mine, other] = [await signIn(login), await signIn(login)];
    const [id, secret, signature] = mine.refreshToken.split('.') as [string, string, string];
    const [, otherSecret, otherSignature] = other.refreshToken.split('.') as [string, string, string];
    const changed = (text: string): string => (text.startsWith('A') ? 'B' : 'A') + text.slice(1);
    for (const token of [
      id,
      `${id}.`,
      `${id}.${secret}`,
      `${id}.wrong.wrong`,
      `${id}.${changed(secret)}.${signature}`,
      `${id}.${secret}.${changed(signature)}`,
      `${id}.${otherSecret}.${otherSignature}`,
      `${mine.refreshToken}x`,
      `${mine.refreshToken}.x`,
    ])
      expect(refusalOf(await client.refreshSession({ refreshToken: token }))).toEqual({ code: 'INVALID_REFRESH_TOKEN' });
    expect(await refresh(mine.refreshToken)).toMatchObject({ id });
    expect(await refresh(other.refreshToken)).toMatchObject({ id: other.id });
  });

  it('of two refreshes at once with one token, one gets a new one at most', async () => {
    const { loginId: login } = await signUp();
    const { refreshToken } = await signIn(login);
    const answers = await Promise.all([refresh(refreshToken), refresh(refreshToken)]);
    expect(answers.filter((answer) => answer !== undefined).length).toBeLessThanOrEqual(1);
  });

  it('end when they are told to, and after their time', async () => {
    const { loginId: login } = await signUp();
    const [ended, old] = [await signIn(login), await signIn(login)];
    await client.endSession({ sessionId: ended.id });
    await client.endSession({ sessionId: newId() });
    await purse.db.execute('UPDATE sessions SET expires_at = UTC_TIMESTAMP(3) WHERE id = ?', [old.id]);
    expect(await refresh(ended.refreshToken)).toBeUndefined();
    expect(refusalOf(await client.refreshSession({ refreshToken: old.refreshToken }))).toEqual({ code: 'INVALID_REFRESH_TOKEN' });
  });

  it.each(['', '.', 'x', 'x.y.z', `${newId()}.secret`, '한글.한글', 'x'.repeat(1_000)])('do not go on with %j', async (token) =>
    expect(refusalOf(await client.refreshSession({ refreshToken: token }))).toEqual({ code: 'INVALID_REFRESH_TOKEN' }),
  );
});

describe('wallets', () => {
  it('are charged once a key', async () => {
    const { id: userId } = await signUp();
    const request = chargeRequest(userId, { amount: 20_000 });
    const [first, again] = [await client.chargeWallet(request), await client.chargeWallet(request)];
    expect(first).toMatchObject({ outcome: { charged: { amount: 20_000, balance: 20_000 } }, replayed: false });
    expect(again).toEqual({ ...first, replayed: true });
    expect((await client.getWallet({ userId })).balance).toBe(20_000);
  });

  it('refuse in the order of the rules', async () => {
    const { id: userId } = await signUp();
    const answers = [1_500_001, 2_000_000].map((amount) => client.chargeWallet(chargeRequest(userId, { amount })));
    expect((await Promise.all(answers)).map(refusalOf)).toEqual([
      { code: 'INVALID_CHARGE_UNIT', unit: 1_000 },
      { code: 'CHARGE_LIMIT_EXCEEDED', limit: 1_000_000 },
    ]);
    expect(refusalOf(await client.chargeWallet(chargeRequest(newId())))).toEqual({ code: 'UNAUTHENTICATED' });
  });

  it('are quoted in the order of the question', async () => {
    const [rich, poor] = [await purse.userWith(70_000), await purse.userWith(0)];
    const { quotes } = await client.quoteBalances({ userIds: [poor, newId(), rich, poor] });
    expect(quotes.map(({ known, balance }) => [known, balance])).toEqual([
      [true, 0],
      [false, 0],
      [true, 70_000],
      [true, 0],
    ]);
    expect((await client.quoteBalances({ userIds: [] })).quotes).toEqual([]);
  });

  it('list what happened, newest first, page by page', async () => {
    const userId = await purse.userWith(0);
    const desk = await openDesk(purse.bus, topicNames.orderReplies);
    const orderId = newId();
    for (let i = 1; i <= 5; i++) await client.chargeWallet(chargeRequest(userId, { amount: i * 1_000 }));
    await desk.ask(debitCommand(userId, 4_000, orderId));
    await desk.close();

    const pages: wallet.TransactionPage[] = [];
    let cursor = '';
    do {
      const { outcome } = await client.listTransactions({ userId, limit: 2, cursor });
      if (outcome?.$case !== 'page') throw new Error('refused');
      pages.push(outcome.page);
      cursor = outcome.page.nextCursor ?? '';
    } while (cursor !== '');
    expect(pages.map(({ items }) => items.map(({ amount }) => amount))).toEqual([
      [-4_000, 5_000],
      [4_000, 3_000],
      [2_000, 1_000],
    ]);
    expect(pages[0]?.items[0]).toMatchObject({ type: wallet.TransactionType.PAYMENT, orderId, balanceAfter: 11_000 });
    expect(pages[0]?.items[1]?.orderId).toBeUndefined();

    const { outcome } = await client.listTransactions({
      userId,
      type: wallet.TransactionType.CHARGE,
      limit: 3,
      cursor: pages[1]?.nextCursor ?? '',
    });
    expect(outcome).toMatchObject({ page: { items: [{ amount: 2_000 }, { amount: 1_000 }], nextCursor: undefined } });
    for (const bad of ['x', '!', Buffer.from(`0 ${newId()}`).toString('base64url')])
      expect(refusalOf(await client.listTransactions({ userId, limit: 2, cursor: bad }))).toMatchObject({
        code: 'INVALID_REQUEST',
        errors: [{ path: '?cursor' }],
      });
  });
});

describe('a process that dies', () => {
  it.each([
    ['before its commit: nothing happened, and the key is free', 'once:written-not-committed', false],
    ['after its commit: the key has the answer', 'once:committed-not-answered', true],
  ])('%s', async (_, point, happened) => {
    service.arm(point, 'kill');
    // The process learns of an armed point a moment later, so it may still carry out a call or two.
    const request = (await eventually(async () => {
      const call = chargeRequest(await purse.userWith(0), { amount: 5_000 });
      return client.chargeWallet(call).then(
        () => undefined,
        () => call,
      );
    })) as wallet.ChargeWalletRequest;
    const { userId } = request;
    await service.answersAgain();
    expect(await rowsOf(purse, 'idempotency', userId)).toHaveLength(happened ? 1 : 0);
    expect(await client.chargeWallet(request)).toMatchObject({ outcome: { charged: { balance: 5_000 } }, replayed: happened });
    expect((await client.getWallet({ userId })).balance).toBe(5_000);
    expect(await rowsOf(purse, 'outbox', userId)).toHaveLength(1);
  });
});

it('describes itself, and the standard services, to a client that knows nothing of them', async () => {
  const { services, registry } = await reflect(service.grpc);
  expect(services).toEqual({
    'grpc.health.v1.Health': ['Check', 'Watch', 'List'].map((method) => `/grpc.health.v1.Health/${method}`),
    'grpc.reflection.v1.ServerReflection': ['/grpc.reflection.v1.ServerReflection/ServerReflectionInfo'],
    'grpc.reflection.v1alpha.ServerReflection': ['/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo'],
    'jumun.wallet.v1.WalletService': Object.values(wallet.WalletServiceService).map(({ path }) => path),
  });
  const transaction = registry.getMessage('jumun.wallet.v1.Transaction');
  expect(transaction?.fields.map(({ name }) => name)).toEqual(['id', 'type', 'amount', 'balance_after', 'order_id', 'created_at']);
  expect(transaction?.fields.filter(({ proto }) => proto.proto3Optional).map(({ name }) => name)).toEqual(['order_id']);
});

it('tells how it is, and stops when it is told to', async () => {
  expect((await fetch(`${service.internalUrl()}/livez`)).status).toBe(200);
  expect(await (await fetch(`${service.internalUrl()}/metrics`)).text()).toContain('process_cpu');
  expect(await service.stop()).toBe(0);
});

import { randomUUID } from 'node:crypto';
import type { Cluster } from '@jumun/local';

export interface Customer {
  readonly id: string;
  readonly token: string;
}

export interface Product {
  readonly id: string;
  readonly optionId: string;
}

/** An answer of the gateway as it came. */
export interface Answer<T = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

export interface OrderBody {
  readonly id: string;
  readonly status: string;
  readonly total: number;
  readonly code?: string;
  readonly orderId?: string;
  readonly reason?: { code: string };
}

export interface OrderWish {
  readonly items: readonly { productId?: string; optionId?: string; quantity: number }[];
  readonly couponId?: string;
}

export interface Shop {
  send<T = Record<string, unknown>>(
    method: string,
    path: string,
    options?: { token?: string; body?: unknown; headers?: Record<string, string> },
  ): Promise<Answer<T>>;
  /** Registers, signs in and, unless it is 0, charges `balance` won: a multiple of 1,000, at most a million. */
  customer(balance: number): Promise<Customer>;
  charge(customer: Customer, amount: number): Promise<void>;
  customers(count: number, balance: number): Promise<Customer[]>;
  product(price: number, stock: number): Promise<Product>;
  /** A coupon of an event of its own. */
  coupon(customer: Customer, percent: number): Promise<string>;
  order(customer: Customer, wish: OrderWish, key?: string, headers?: Record<string, string>): Promise<Answer<OrderBody>>;
  balance(customer: Customer): Promise<number>;
  stock(product: Product): Promise<number>;
}

const PASSWORD = 'correct horse 1';

/** A shop at the REST face of a cluster, for tests that buy in it. */
export const openShop = (cluster: Cluster, gatewayUrl = cluster.gatewayUrls[0] as string): Shop => {
  const send: Shop['send'] = async <T>(
    method: string,
    path: string,
    { token, body, headers = {} }: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
  ) => {
    const response = await fetch(`${gatewayUrl}${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: (text === '' ? {} : JSON.parse(text)) as T };
  };

  /** What a test begins with and looks at has to succeed. On a busy machine it is told to come again, like anybody else, and does. */
  const must = async <T>(expected: number, ask: () => Promise<Answer<T>>): Promise<T> => {
    let { status, body } = await ask();
    for (const deadline = Date.now() + 60_000; status === 503 && Date.now() < deadline; { status, body } = await ask())
      await new Promise((resolve) => setTimeout(resolve, 500));
    if (status !== expected) throw new Error(`expected ${expected}, got ${status}: ${JSON.stringify(body)}`);
    return body;
  };
  const post = <T>(path: string, token: string, body: unknown): Promise<T> => {
    const headers = { 'idempotency-key': randomUUID() };
    return must(201, () => send<T>('POST', path, { token, body, headers }));
  };

  const charge: Shop['charge'] = ({ token }, amount) => post('/v1/wallet/charges', token, { amount });

  const customer: Shop['customer'] = async (balance) => {
    const loginId = `c-${randomUUID()}`;
    const { id } = await must(201, () =>
      send<{ id: string }>('POST', '/v1/users', { body: { loginId, name: 'Customer', password: PASSWORD } }),
    );
    const { accessToken } = await must(201, () =>
      send<{ accessToken: string }>('POST', '/v1/sessions', { body: { loginId, password: PASSWORD } }),
    );
    const made = { id, token: accessToken };
    if (balance > 0) await charge(made, balance);
    return made;
  };

  return {
    send,
    customer,
    charge,
    customers: async (count, balance) => {
      // A few at a time: passwords are hashed slowly on purpose, and a rush of sign-ups is refused.
      const all: Customer[] = [];
      while (all.length < count)
        all.push(...(await Promise.all(Array.from({ length: Math.min(8, count - all.length) }, () => customer(balance)))));
      return all;
    },
    product: async (price, stock) => {
      const made = await post<{ id: string; options: { id: string }[] }>('/v1/admin/products', cluster.adminToken, {
        name: 'Thing',
        price,
        options: [{ name: 'Default', stock }],
      });
      return { id: made.id, optionId: made.options[0]?.id ?? '' };
    },
    coupon: async ({ token }, percent) => {
      const day = 24 * 60 * 60 * 1_000;
      const at = (ms: number): string => new Date(Date.now() + ms).toISOString();
      const event = await post<{ id: string }>('/v1/admin/coupon-events', cluster.adminToken, {
        name: 'Event',
        discount: { type: 'PERCENT', value: percent },
        totalQuantity: 1,
        opensAt: at(-1_000),
        closesAt: at(day),
        couponValidUntil: at(2 * day),
      });
      return (await post<{ id: string }>(`/v1/coupon-events/${event.id}/coupons`, token, undefined)).id;
    },
    order: ({ token }, wish, key = randomUUID(), headers = {}) =>
      send<OrderBody>('POST', '/v1/orders', { token, body: wish, headers: { 'idempotency-key': key, ...headers } }),
    balance: async ({ token }) => (await must(200, () => send<{ balance: number }>('GET', '/v1/wallet', { token }))).balance,
    stock: async ({ id }) => (await must(200, () => send<{ stock: number }>('GET', `/v1/products/${id}`))).stock,
  };
};

/** How often each status and code was answered: `{ '201': 10, '400 OUT_OF_STOCK': 90 }`; `none` where the connection broke. */
export const tally = (answers: readonly (Pick<Answer<{ code?: string }>, 'status' | 'body'> | undefined)[]): Record<string, number> => {
  const named = Map.groupBy(answers, (answer) =>
    answer === undefined ? 'none' : [answer.status, answer.body.code ?? ''].join(' ').trim(),
  );
  return Object.fromEntries([...named].map(([name, all]) => [name, all.length]));
};

import { createLogger, parseConfig } from '@jumun/service-kit';
import { createSigner } from 'fast-jwt';
import { type GatewayConfig, gatewayEnv } from '../src/config.ts';
import { type Gateway, openGateway } from '../src/gateway.ts';

export const SIGNING_KEY = 'a-key-for-tests-that-is-long-enough-for-hs256';
export const KEY_ID = 'test';
export const USER_ID = '0197a6c2-7d1e-7c3a-9b51-3f0e2d4c5b6a';

/** Nothing listens there: for everything that is decided before a service is asked. */
const NOBODY = '127.0.0.1:1';

export const testConfig = (env: NodeJS.ProcessEnv = {}): GatewayConfig => {
  const result = parseConfig(gatewayEnv, {
    HTTP_ADDRESS: '127.0.0.1:8080',
    INTERNAL_ADDRESS: '127.0.0.1:8081',
    PUBLIC_URL: 'https://api.example/',
    WALLET_GRPC: NOBODY,
    CATALOG_GRPC: NOBODY,
    COUPON_GRPC: NOBODY,
    ORDERS_GRPC: NOBODY,
    JWT_SIGNING_KEY: SIGNING_KEY,
    JWT_KEY_ID: KEY_ID,
    RATE_LIMIT_PER_USER: '0',
    RATE_LIMIT_PER_ADDRESS: '0',
    ...env,
  });
  if ('mistakes' in result) throw new Error(result.mistakes.join('\n'));
  return result.config;
};

export const openTestGateway = async (env: NodeJS.ProcessEnv = {}): Promise<Gateway> => {
  const gateway = await openGateway(testConfig(env), createLogger('gateway', process.env['TEST_LOG_LEVEL'] ?? 'silent'), () => false);
  await gateway.app.init();
  await gateway.app.getHttpAdapter().getInstance().ready();
  return gateway;
};

/** Stops the clock by which rates are limited and patience ends: calls are made at one moment then, however long the machine takes for them. */
export const stopClock = (): { pass(ms: number): void; goOn(): void } => {
  const now = performance.now.bind(performance);
  let stoppedAtMs = now();
  performance.now = () => stoppedAtMs;
  return { pass: (ms) => void (stoppedAtMs += ms), goOn: () => void (performance.now = now) };
};

/** A token as the gateway would issue it, but for what is overridden. */
export const mint = (
  claims: Record<string, unknown> = {},
  { key = SIGNING_KEY, kid = KEY_ID, expiresInMs = 900_000 }: { key?: string; kid?: string; expiresInMs?: number } = {},
): string =>
  createSigner({ key, algorithm: 'HS256', kid, iss: 'jumun', aud: 'jumun-api', expiresIn: expiresInMs, mutatePayload: false })({
    sub: USER_ID,
    role: 'CUSTOMER',
    sid: 'session-1',
    ...claims,
  });

export interface Answered {
  status: number;
  headers: Record<string, unknown>;
  body: Record<string, unknown> & { code?: string; errors?: { path: string; message: string }[] };
}

export interface Asked {
  token?: string;
  key?: string;
  headers?: Record<string, string | string[]>;
  /** Sent as JSON unless it is text or bytes. */
  body?: unknown;
}

type Method = 'GET' | 'POST' | 'DELETE' | 'PUT' | 'PATCH' | 'HEAD' | 'OPTIONS';

export const asker =
  ({ app }: Gateway) =>
  async (call: string, { token, key, headers = {}, body }: Asked = {}): Promise<Answered> => {
    const [method, url] = call.split(' ') as [Method, string];
    const isRaw = typeof body === 'string' || Buffer.isBuffer(body);
    const response = await app.inject({
      method,
      url,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { payload: isRaw ? body : JSON.stringify(body) }),
    });
    const isJson = String(response.headers['content-type']).includes('json') && response.payload !== '';
    return {
      status: response.statusCode,
      headers: response.headers,
      body: isJson ? (JSON.parse(response.payload) as Answered['body']) : {},
    };
  };

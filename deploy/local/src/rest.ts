import { setTimeout as pause } from 'node:timers/promises';

/** A refusal of the gateway (RFC 9457), with the data that its code has. */
export interface Problem {
  code?: string;
  title?: string;
  detail?: string;
  orderId?: string;
  couponId?: string;
  shortages?: { requested: number; available: number }[];
  balance?: number;
  required?: number;
  shortBy?: number;
}

/** An answer of the gateway that is not a success, with its problem. */
export class ProblemError extends Error {
  readonly status: number;
  readonly code: string;
  readonly problem: Problem;

  constructor(call: string, status: number, problem: Problem) {
    super(`${call} answered ${status} ${problem.code ?? ''}: ${problem.detail ?? problem.title ?? ''}`);
    this.name = 'ProblemError';
    this.status = status;
    this.code = problem.code ?? '';
    this.problem = problem;
  }
}

export interface CallOptions {
  token?: string;
  body?: unknown;
  idempotencyKey?: string;
  headers?: Record<string, string>;
}

/** One call of the gateway's REST API; throws a {@link ProblemError} unless it succeeds. */
export const call = async <T>(gatewayUrl: string, method: string, path: string, options: CallOptions = {}): Promise<T> => {
  const { token, body, idempotencyKey, headers = {} } = options;
  const response = await fetch(`${gatewayUrl}${path}`, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(40_000),
  });
  const text = await response.text();
  const answer: unknown = text === '' ? {} : JSON.parse(text);
  if (!response.ok) throw new ProblemError(`${method} ${path}`, response.status, answer as Problem);
  return answer as T;
};

const SIGN_IN_WITHIN_MS = 30_000;

/** Signs in and returns the access token. Again while the answer is "not now" (503): right after a start a machine is busiest, and passwords are hashed slowly on purpose. */
export const signIn = async (gatewayUrl: string, { loginId, password }: { loginId: string; password: string }): Promise<string> => {
  for (const deadline = Date.now() + SIGN_IN_WITHIN_MS; ; await pause(250)) {
    try {
      return (await call<{ accessToken: string }>(gatewayUrl, 'POST', '/v1/sessions', { body: { loginId, password } })).accessToken;
    } catch (error) {
      if (!(error instanceof ProblemError && error.status === 503) || Date.now() > deadline) throw error;
    }
  }
};

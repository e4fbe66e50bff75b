import { textOf } from '@jumun/service-kit';
import { Pool } from 'undici';

/** Most connections to the gateways, made when they are needed: enough that no request waits for one. */
const CONNECTIONS_MAX = 4_096;

export interface Shot {
  /** From the intended moment of sending, in milliseconds: what a customer waits, also behind a generator that is late. */
  readonly ms: number;
  readonly status: number;
  /** The refusal's code, where there is one. */
  readonly code?: string;
}

export interface Request {
  readonly token: string;
  readonly key: string;
  readonly body: string;
}

export interface Generator {
  /** Sends one request now. */
  one(request: Request): Promise<Shot>;
  /** Sends `rate` requests a second for `seconds`, whatever comes back. */
  open(rate: number, seconds: number, request: () => Request): Promise<Shot[]>;
  /** Keeps `inFlight` requests under way for `seconds`: how much goes through at most. */
  closed(inFlight: number, seconds: number, request: () => Request): Promise<Shot[]>;
  close(): Promise<void>;
}

/** Sends orders from one process, spread over the gateways. */
export const openGenerator = (gatewayUrls: readonly string[]): Generator => {
  const pools = gatewayUrls.map((url) => new Pool(url, { connections: Math.ceil(CONNECTIONS_MAX / gatewayUrls.length), pipelining: 1 }));
  let turn = 0;

  const shoot = async ({ token, key, body }: Request, intended: number): Promise<Shot> => {
    const pool = pools[turn++ % pools.length] as Pool;
    try {
      const response = await pool.request({
        method: 'POST',
        path: '/v1/orders',
        headers: { authorization: `Bearer ${token}`, 'idempotency-key': key, 'content-type': 'application/json' },
        body,
      });
      const text = await response.body.text();
      const ms = performance.now() - intended;
      if (response.statusCode === 201) return { ms, status: 201 };
      return { ms, status: response.statusCode, code: (JSON.parse(text) as { code?: string }).code };
    } catch (error) {
      return { ms: performance.now() - intended, status: 0, code: textOf(error) };
    }
  };

  return {
    one: (request) => shoot(request, performance.now()),
    open: async (rate, seconds, request) => {
      const total = Math.round(rate * seconds);
      const shots: Promise<Shot>[] = [];
      const begun = performance.now();
      await new Promise<void>((done) => {
        const timer = setInterval(() => {
          const due = Math.min(total, Math.floor(((performance.now() - begun) * rate) / 1_000) + 1);
          while (shots.length < due) shots.push(shoot(request(), begun + (shots.length * 1_000) / rate));
          if (shots.length < total) return;
          clearInterval(timer);
          done();
        }, 4);
      });
      return Promise.all(shots);
    },
    closed: async (inFlight, seconds, request) => {
      const shots: Shot[] = [];
      const end = performance.now() + seconds * 1_000;
      const one = async (): Promise<void> => {
        while (performance.now() < end) shots.push(await shoot(request(), performance.now()));
      };
      await Promise.all(Array.from({ length: inFlight }, one));
      return shots;
    },
    close: async () => {
      await Promise.all(pools.map((pool) => pool.close()));
    },
  };
};

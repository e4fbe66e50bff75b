import { fastify, type FastifyInstance } from 'fastify';
import { textOf } from './errors.ts';
import { registry } from './metrics.ts';

/** Something that must hold for the process to be of use. Fails by answering false or by throwing; the error's text is shown. */
export interface ReadyCheck {
  name: string;
  check: () => unknown;
}

export interface Readiness {
  ready: boolean;
  /** Name of each failing check → why. */
  failing: Record<string, string>;
}

const CHECK_TIMEOUT_MS = 1_000; // a probe's own time-out is usually this long

const timeout = (): { expired: Promise<string>; clear: () => void } => {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<string>(
    (resolve) => (timer = setTimeout(resolve, CHECK_TIMEOUT_MS, `no answer within ${CHECK_TIMEOUT_MS} ms`)),
  );
  return { expired, clear: () => clearTimeout(timer) };
};

const failureOf = async ({ check }: ReadyCheck): Promise<string | undefined> => {
  const { expired, clear } = timeout();
  try {
    const answered = (async () => ((await check()) === false ? 'not ready' : undefined))();
    return await Promise.race([answered, expired]);
  } catch (error) {
    return textOf(error);
  } finally {
    clear();
  }
};

/** Runs all checks at once. */
export const readinessOf = async (checks: readonly ReadyCheck[]): Promise<Readiness> => {
  const failures = await Promise.all(checks.map(async (each) => [each.name, await failureOf(each)] as const));
  const failing = Object.fromEntries(failures.filter((entry): entry is readonly [string, string] => entry[1] !== undefined));
  return { ready: Object.keys(failing).length === 0, failing };
};

/** `host:port` → what listens there. */
export const parseAddress = (address: string): { host: string; port: number } => {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
};

/**
 * What operators and probes ask, apart from the service's own port: `/livez` is 200 while the event loop turns, `/readyz` is 200 while all
 * checks hold (else 503 naming the failing ones), `/metrics` is the Prometheus text.
 */
export const startInternalServer = async (address: string, readiness: () => Promise<Readiness>): Promise<FastifyInstance> => {
  const server = fastify({ logger: false, forceCloseConnections: true });
  server.get('/livez', () => ({ alive: true }));
  server.get('/readyz', async (_, reply) => {
    const answer = await readiness();
    return reply.code(answer.ready ? 200 : 503).send(answer);
  });
  server.get('/metrics', async (_, reply) => reply.type(registry.contentType).send(await registry.metrics()));
  await server.listen(parseAddress(address));
  return server;
};

import type { FastifyRequest } from 'fastify';
import type { Route } from '../http/route.ts';
import type { RateLimit } from '../limits/rate-limit.ts';
import { type Problem, problem } from '../problems/problem.ts';
import type { Caller, Tokens } from './tokens.ts';

/** Whether a request may go on to a route: null, or the refusal. Sets the caller. */
export type Gate = (route: Pick<Route, 'access' | 'limitedByAddress'>) => (request: FastifyRequest) => Problem | null;

export interface GateParts {
  readonly tokens: Tokens;
  readonly perUser: RateLimit;
  readonly perAddress: RateLimit;
}

const BEARER = /^Bearer +(\S+)$/i;

const callerOf = (tokens: Tokens, header: string | undefined): Caller | undefined => {
  const token = header === undefined ? undefined : BEARER.exec(header)?.[1];
  return token === undefined ? undefined : tokens.verify(token);
};

/** On public routes a token is optional, and a bad one as good as none. */
export const openGate =
  ({ tokens, perUser, perAddress }: GateParts): Gate =>
  ({ access, limitedByAddress = false }) =>
  (request) => {
    if (limitedByAddress) {
      const refusal = perAddress(request.ip);
      if (refusal !== null) return refusal;
    }
    const caller = callerOf(tokens, request.headers.authorization);
    request.state.caller = caller;
    if (caller === undefined) return access === 'public' ? null : problem('UNAUTHENTICATED');
    if (access === 'admin' && caller.role !== 'ADMIN') return problem('FORBIDDEN');
    return perUser(caller.userId);
  };

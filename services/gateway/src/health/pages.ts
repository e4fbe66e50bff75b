import type { RouteHandlerMethod } from 'fastify';
import type { SendProblem } from '../http/send-problem.ts';
import { problem } from '../problems/problem.ts';

/** For load balancers outside; operators ask the internal port, which says more. */
export const healthPages = (isReady: () => boolean, sendProblem: SendProblem): Record<string, RouteHandlerMethod> => ({
  '/livez': (_request, reply) => reply.header('cache-control', 'no-store').send({ alive: true }),
  '/readyz': (_request, reply) =>
    isReady() ? reply.header('cache-control', 'no-store').send({ ready: true }) : sendProblem(reply, problem('UNAVAILABLE')),
});

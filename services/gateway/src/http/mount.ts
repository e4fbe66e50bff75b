import { withTrace } from '@jumun/service-kit';
import type { FastifyInstance, onRequestHookHandler, RouteHandlerMethod } from 'fastify';
import type { Gate } from '../auth/gate.ts';
import { problem } from '../problems/problem.ts';
import { callReader } from './read-call.ts';
import { isProblem, type Result, type Route } from './route.ts';
import type { SendProblem } from './send-problem.ts';

const fastifyPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

/** Notes which path it is, for metrics and logs. */
const seen =
  (path: string): onRequestHookHandler =>
  (request, _reply, done) => {
    request.state.path = path;
    done();
  };

/** Before the body is read: is the caller who they say, may they, and not too often? */
const admit = (route: Route, gate: Gate, sendProblem: SendProblem): onRequestHookHandler => {
  const check = gate(route);
  return (request, reply, done) => {
    request.state.path = route.path;
    const refusal = check(request);
    if (refusal === null) done();
    else void sendProblem(reply, refusal);
  };
};

const handler = (route: Route, sendProblem: SendProblem): RouteHandlerMethod => {
  const read = callReader(route);
  return async (request, reply) => {
    const call = read(request);
    const result: Result = 'code' in call ? call : await withTrace(request.state.trace, () => route.handle(call));
    if (isProblem(result)) return sendProblem(reply, result);
    reply.code(result.status).header('cache-control', 'no-store');
    if (result.headers !== undefined) reply.headers(result.headers);
    return result.body === undefined ? reply.send() : result.body;
  };
};

const answerSchemas = ({ answers }: Route): Record<string, unknown> =>
  Object.fromEntries(Object.entries(answers).filter(([, schema]) => schema !== null));

/** What else may be sent to a path: OPTIONS is answered, everything that it has not is a 405. */
const mountRest = (server: FastifyInstance, path: string, methods: ReadonlySet<string>, sendProblem: SendProblem): void => {
  const allow = [...methods, 'OPTIONS'].join(', ');
  server.route({
    method: server.supportedMethods.filter((method) => !methods.has(method)),
    url: fastifyPath(path),
    onRequest: (request, reply) => {
      request.state.path = path;
      reply.header('allow', allow);
      if (request.method === 'OPTIONS') void reply.code(204).send();
      else void sendProblem(reply, problem('METHOD_NOT_ALLOWED'));
    },
    handler: () => undefined, // never reached
  });
};

/** Puts the table of routes onto the server, and pages (path → handler) beside them. */
export const mount = (
  server: FastifyInstance,
  routes: readonly Route[],
  pages: Readonly<Record<string, RouteHandlerMethod>>,
  gate: Gate,
  sendProblem: SendProblem,
): void => {
  const methodsOf = new Map<string, Set<string>>();
  const has = (path: string, method: string): void => {
    const methods = methodsOf.get(path) ?? new Set();
    for (const each of method === 'GET' ? ['GET', 'HEAD'] : [method]) methods.add(each);
    methodsOf.set(path, methods);
  };
  for (const route of routes) {
    has(route.path, route.method);
    server.route({
      method: route.method,
      url: fastifyPath(route.path),
      onRequest: admit(route, gate, sendProblem),
      handler: handler(route, sendProblem),
      schema: { response: answerSchemas(route) },
    });
  }
  for (const [path, page] of Object.entries(pages)) {
    has(path, 'GET');
    server.get(path, { onRequest: seen(path) }, page);
  }
  for (const [path, methods] of methodsOf) mountRest(server, path, methods, sendProblem);
};

import type { Logger } from '@jumun/service-kit';
import { fastify, type FastifyInstance } from 'fastify';
import { METHODS } from 'node:http';
import type { Socket } from 'node:net';
import { invalidRequest, type Problem, problem, problemBody, statusOf } from '../problems/problem.ts';
import { useJsonParser } from './json-parser.ts';
import { observe } from './observe.ts';
import { problemOfError } from './problem-of-error.ts';
import { newState, requestIdOf } from './request-state.ts';
import { problemSender } from './send-problem.ts';

export interface ServerOptions {
  readonly publicUrl: string;
  readonly slowRequestMs: number;
  readonly logger: Logger;
}

/** Until when a request must have come in whole: a client that sends byte by byte does not hold a connection for ever. */
const REQUEST_TIMEOUT_MS = 30_000;

/** What Node could not read of a request, by the code of its error. */
const notHttp: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: 'has too many header bytes',
  ERR_HTTP_REQUEST_TIMEOUT: 'did not come in whole in time',
};

/** Requests that Node cannot even parse have no request object: the answer is written onto the wire. */
const answerRaw = (socket: Socket, refusal: Problem, publicUrl: string): void => {
  const requestId = requestIdOf({ headers: {} });
  const body = problemBody(refusal, publicUrl, requestId);
  const head = `HTTP/1.1 ${statusOf(refusal)} Bad Request\r\nContent-Type: application/problem+json\r\nX-Request-Id: ${requestId}`;
  if (socket.writable) socket.end(`${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`);
};

/** Fastify, set up so that every answer it gives by itself is a problem too, and carries its request's id. */
export const openServer = ({ publicUrl, slowRequestMs, logger }: ServerOptions): FastifyInstance => {
  const sendProblem = problemSender(publicUrl);
  const server = fastify({
    logger: false,
    genReqId: requestIdOf,
    requestIdHeader: false,
    return503OnClosing: false, // requests that still come in are answered, and told to close their connection
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    http: { requireHostHeader: false }, // Node's own refusal would be no problem: it is looked at below
    keepAliveTimeout: 72_000, // longer than load balancers keep theirs, so that they close first
    routerOptions: { maxParamLength: 16_384, querystringParser: () => ({}) },
    clientErrorHandler: (error, socket) => {
      if (error.code !== 'ECONNRESET')
        answerRaw(socket, invalidRequest([{ path: '', message: notHttp[error.code] ?? 'is not HTTP' }]), publicUrl);
    },
    frameworkErrors: (error, _request, reply) => {
      void sendProblem(reply.header('x-request-id', reply.request.id), problemOfError(error));
    },
  });
  for (const method of METHODS) if (!server.supportedMethods.includes(method) && method !== 'CONNECT') server.addHttpMethod(method);

  server.decorateRequest('state', null as never);
  server.addHook('onRequest', (request, reply, done) => {
    request.state = newState(request);
    reply.header('x-request-id', request.id);
    if (request.headers.host !== undefined || request.raw.httpVersion !== '1.1') done();
    else void sendProblem(reply, invalidRequest([{ path: 'Host', message: 'is required' }]));
  });
  // An expectation that nobody knows may be passed over (RFC 9110, 10.1.1); Node would refuse it without a problem.
  server.server.on('checkExpectation', (request, response) => server.server.emit('request', request, response));
  observe(server, logger, slowRequestMs);
  useJsonParser(server);
  server.setNotFoundHandler((_request, reply) => sendProblem(reply, problem('NOT_FOUND')));
  server.setErrorHandler((error, request, reply) => {
    const answer = problemOfError(error);
    if (answer.code === 'INTERNAL') logger.error({ err: error, request_id: request.id, route: request.state.path }, 'a request failed');
    return sendProblem(reply, answer);
  });
  return server;
};

import type { Logger } from '@jumun/service-kit';
import { fastify, type FastifyInstance } from 'fastify';
import { type IncomingMessage, METHODS, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
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

/** What Node could not read of a request, by the code of its error: the place, and what is wrong there. */
const unreadable: Readonly<Record<string, readonly [path: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ['', 'the address and the headers are too long together'],
  HPE_INVALID_METHOD: ['', 'the method is not known'],
  HPE_INVALID_URL: ['', 'the address has characters that must be percent-encoded'],
  HPE_INVALID_HEADER_TOKEN: ['', 'a header has a character that headers may not have'],
  HPE_INVALID_CONTENT_LENGTH: ['Content-Length', 'is no number'],
  HPE_UNEXPECTED_CONTENT_LENGTH: ['Content-Length', 'stands twice, or beside Transfer-Encoding'],
  HPE_INVALID_TRANSFER_ENCODING: ['Transfer-Encoding', 'is not known here, or stands beside Content-Length'],
  HPE_INVALID_CHUNK_SIZE: ['', 'a chunk of the body does not begin with its size'],
  ERR_HTTP_REQUEST_TIMEOUT: ['', 'the request did not come in whole in time'],
};

const unreadableRequest = (code: string): Problem => {
  const [path, message] = unreadable[code] ?? ['', 'the request is not HTTP'];
  const detail = path === '' ? message : `${path}: ${message}`;
  return { ...invalidRequest([{ path, message }]), detail };
};

/** What a client that has had its answer gets to close the connection by itself. */
const CLOSE_MS = 1_000;

/** Half-closed by us alone, a connection would stay for as long as the client likes. */
const closeSoon = (socket: Duplex, lastWords = ''): void => {
  if (socket.writable) socket.end(lastWords);
  setTimeout(() => socket.destroy(), CLOSE_MS).unref();
};

/** Requests that Node cannot even parse have no request object: the answer is written onto the wire. */
const rawAnswer = (refusal: Problem, publicUrl: string): string => {
  const requestId = requestIdOf({ headers: {} });
  const body = problemBody(refusal, publicUrl, requestId);
  const head = `HTTP/1.1 ${statusOf(refusal)} Bad Request\r\nContent-Type: application/problem+json\r\nX-Request-Id: ${requestId}`;
  return `${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n${body}`;
};

/** Ends connections on which something cannot be read, once for each. */
const openRefusing = (publicUrl: string) => {
  const open = new WeakMap<Duplex, Set<ServerResponse>>();
  const ended = new WeakSet<Duplex>();
  return {
    began: (socket: Duplex, response: ServerResponse): void => {
      const responses = open.get(socket) ?? new Set();
      open.set(socket, responses.add(response));
      response.once('close', () => responses.delete(response));
    },
    refuse: (socket: Duplex, code: string): void => {
      if (ended.has(socket)) return;
      ended.add(socket);
      socket.on('error', () => socket.destroy()); // of one that has been handed over, nobody else hears it
      const responses = [...(open.get(socket) ?? [])];
      const owed = responses.findLast(({ req }) => req.complete);
      if (owed !== undefined) {
        // What cannot be read came behind a whole request, which is being carried out: its answer is the last one.
        owed.shouldKeepAlive = false;
        owed.once('close', () => closeSoon(socket));
      } else if (responses.some(({ headersSent }) => headersSent)) closeSoon(socket);
      else closeSoon(socket, rawAnswer(unreadableRequest(code), publicUrl));
    },
  };
};

/** How many `Host` headers there are: Node's `headers` have the first alone. */
const hostsOf = ({ rawHeaders }: IncomingMessage): number => {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2)
    if (rawHeaders[at]?.length === 4 && rawHeaders[at]?.toLowerCase() === 'host') hosts += 1;
  return hosts;
};

/** Fastify, set up so that every answer it gives by itself is a problem too, and carries its request's id. */
export const openServer = ({ publicUrl, slowRequestMs, logger }: ServerOptions): FastifyInstance => {
  const sendProblem = problemSender(publicUrl);
  const { began, refuse } = openRefusing(publicUrl);
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
      if (error.code === 'ECONNRESET') socket.destroy();
      else refuse(socket, error.code);
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
    const hosts = hostsOf(request.raw);
    if (hosts === 1 || (hosts === 0 && request.raw.httpVersion !== '1.1')) done();
    else void sendProblem(reply, invalidRequest([{ path: 'Host', message: hosts === 0 ? 'is required' : 'stands more than once' }]));
  });
  server.server.prependListener('request', (request, response) => began(request.socket, response));
  server.server.on('connect', (_request, socket) => refuse(socket, 'HPE_INVALID_METHOD'));
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

import { childTraceparent, isTraceparent, newId, type TraceContext } from '@jumun/service-kit';
import type { FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { Caller } from '../auth/tokens.ts';

/** What is found out about a request on its way. */
export interface RequestState {
  /** The route's path, for metrics and logs; undefined where none matched. */
  path: string | undefined;
  caller: Caller | undefined;
  trace: TraceContext;
}

declare module 'fastify' {
  interface FastifyRequest {
    state: RequestState;
  }
}

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** The client's `X-Request-Id` when it is a sane one, else a new id. */
export const requestIdOf = ({ headers }: Pick<IncomingMessage, 'headers'>): string => {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : newId();
};

/** The client's trace, or the start of one. */
const traceOf = ({ headers, id }: FastifyRequest): TraceContext => {
  const { traceparent } = headers;
  return { traceparent: isTraceparent(traceparent) ? traceparent : childTraceparent(undefined), requestId: id };
};

export const newState = (request: FastifyRequest): RequestState => ({ path: undefined, caller: undefined, trace: traceOf(request) });

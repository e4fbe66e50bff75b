import { OverloadedError, UpstreamUnavailable } from '@jumun/service-kit';
import { status } from '@grpc/grpc-js';
import { invalidRequest, type Problem, problem } from '../problems/problem.ts';

interface CodedError {
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly details?: unknown;
}

/** Fastify's own refusals, made before a route's handler is reached. */
const ofFastify = ({ code, statusCode }: CodedError): Problem | undefined => {
  switch (code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_EMPTY_TYPE':
    case 'UNSUPPORTED_MEDIA_TYPE':
      return problem('UNSUPPORTED_MEDIA_TYPE', undefined, { accept: 'application/json' });
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return problem('PAYLOAD_TOO_LARGE');
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_MAX_PARAM_LENGTH':
    case 'FST_ERR_NOT_FOUND':
      return problem('NOT_FOUND');
  }
  const ofClient = typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500;
  return ofClient ? invalidRequest([{ path: '', message: 'cannot be read: its length is not what Content-Length says' }]) : undefined;
};

/** A gRPC status that tells of the connection, not of the call. */
const ofUpstream = ({ code, details }: CodedError): Problem | undefined => {
  if (typeof details !== 'string') return undefined;
  if (code === status.RESOURCE_EXHAUSTED) return problem('OVERLOADED');
  const wasCut = code === status.CANCELLED || (code === status.INTERNAL && details.includes('RST_STREAM'));
  return wasCut || code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED ? problem('UNAVAILABLE') : undefined;
};

/** What a client is told about an exception; INTERNAL, without any detail, when nobody foresaw it. */
export const problemOfError = (error: unknown): Problem => {
  if (error instanceof OverloadedError) return problem('OVERLOADED');
  if (error instanceof UpstreamUnavailable) return problem('UNAVAILABLE');
  if (typeof error !== 'object' || error === null) return problem('INTERNAL');
  return ofUpstream(error) ?? ofFastify(error) ?? problem('INTERNAL');
};

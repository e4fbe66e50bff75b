import { OverloadedError } from '@jumun/service-kit';
import { invalidRequest, type Problem, problem } from '../problems/problem.ts';
import { isNoAnswer, isOverload } from '../upstream/no-answer.ts';

interface CodedError {
  readonly code?: unknown;
  readonly statusCode?: unknown;
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

/** What a client is told about an exception; INTERNAL, without any detail, when nobody foresaw it. */
export const problemOfError = (error: unknown): Problem => {
  if (error instanceof OverloadedError || isOverload(error)) return problem('OVERLOADED');
  if (isNoAnswer(error)) return problem('UNAVAILABLE');
  if (typeof error !== 'object' || error === null) return problem('INTERNAL');
  return ofFastify(error) ?? problem('INTERNAL');
};

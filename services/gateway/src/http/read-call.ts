import { fingerprint } from '@jumun/service-kit';
import type { FastifyRequest } from 'fastify';
import { type FieldError, invalidRequest, type Problem, problem } from '../problems/problem.ts';
import { type IdempotencyKeyHeader, parseIdempotencyKey } from './idempotency-key.ts';
import { isId } from './ids.ts';
import { parseQuery, type RawQuery } from './query.ts';
import { queryCheck } from './query-check.ts';
import type { Call, Route } from './route.ts';
import { Strict } from './schema.ts';
import { JsonBody } from './strict-json.ts';
import { bodyCheck } from './validate.ts';

const NO_BODY = new JsonBody(undefined);

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const queryOf = (url: string): RawQuery => {
  const question = url.indexOf('?');
  return parseQuery(question === -1 ? '' : url.slice(question + 1));
};

const keyOf = ({ headers, raw }: FastifyRequest): IdempotencyKeyHeader => {
  const value = headers['idempotency-key'] as string | undefined;
  const mayBeSeveral = value?.includes(', ') === true; // which is how Node hands several headers of one name on
  const count = mayBeSeveral ? raw.rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'idempotency-key').length : 1;
  return parseIdempotencyKey(value, count);
};

/** Checks of a body: one that is wrong as JSON is not looked at any further. */
const bodyErrors = (route: Route): ((body: JsonBody) => readonly FieldError[]) => {
  const check = bodyCheck(route.body ?? Strict({}));
  return ({ value, errors }) => {
    if (value === undefined)
      return errors.length > 0 || route.body === undefined ? errors : [{ path: '', message: 'is required: a JSON object' }];
    const found = check(value);
    const broken = route.rules !== undefined && isObject(value) ? route.rules(value) : [];
    return errors.length + found.length + broken.length === 0 ? errors : [...errors, ...found, ...broken];
  };
};

/** Makes the reader of a route's requests: a call, all of it checked, or the problem that names everything that is wrong. */
export const callReader = (route: Route): ((request: FastifyRequest) => Call | Problem) => {
  const checkBody = bodyErrors(route);
  const checkQuery = queryCheck(route.query ?? {});

  const idempotency = (caller: string, id: string, key: IdempotencyKeyHeader | undefined, body: unknown): Call['idempotency'] => {
    const given = key !== undefined && 'key' in key;
    return {
      $type: 'jumun.common.v1.IdempotencyKey',
      caller,
      route: `${route.method} ${route.path.replace('{id}', id)}`,
      key: given ? key.key : '',
      fingerprint: given ? fingerprint(body ?? {}) : '',
    };
  };

  return (request) => {
    const { caller } = request.state;
    const { id = '' } = request.params as { id?: string };
    if (route.unknownId !== undefined && !isId(id)) return problem(route.unknownId);

    const { query, errors: inQuery } = checkQuery(queryOf(request.url));
    const body = route.method === 'GET' ? NO_BODY : ((request.body as JsonBody | null | undefined) ?? NO_BODY);
    const inBody = route.method === 'GET' ? NO_BODY.errors : checkBody(body);
    const key = route.key === undefined ? undefined : keyOf(request);
    const missing = route.key === 'required' && key !== undefined && 'missing' in key;

    if (inQuery.length > 0 || inBody.length > 0 || (key !== undefined && 'mistake' in key)) {
      const message = missing ? 'is required' : key !== undefined && 'mistake' in key ? key.mistake : undefined;
      return invalidRequest([...inQuery, ...inBody, ...(message === undefined ? [] : [{ path: 'Idempotency-Key', message }])]);
    }
    if (missing) return problem('IDEMPOTENCY_KEY_REQUIRED');
    return {
      caller,
      id,
      query,
      body: body.value,
      idempotency: idempotency(caller?.userId ?? '', id, key, body.value),
      prefer: request.headers['prefer'] as string | undefined,
      ifNoneMatch: request.headers['if-none-match'],
      requestId: request.id,
    };
  };
};

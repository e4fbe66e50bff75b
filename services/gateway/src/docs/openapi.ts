import type { Route } from '../http/route.ts';
import type { TSchema } from '../http/schema.ts';
import { type ProblemCode, problemKinds } from '../problems/catalogue.ts';
import { commonHeaders, headersOfAnswer, headersOfProblem } from './headers.ts';

type Json = Record<string, unknown>;

/** What every operation may answer, besides its own: whoever sends a query or a body where none belongs, or a token where none is needed, is judged by it. */
const commonCodes = ({ method, access, key }: Route): ProblemCode[] => [
  ...(access === 'public' ? [] : (['UNAUTHENTICATED'] as const)),
  ...(access === 'admin' ? (['FORBIDDEN'] as const) : []),
  'INVALID_REQUEST',
  ...(key === 'required' ? (['IDEMPOTENCY_KEY_REQUIRED'] as const) : []),
  ...(key !== undefined ? (['IDEMPOTENCY_KEY_REUSED', 'IDEMPOTENCY_IN_PROGRESS'] as const) : []),
  ...(method === 'GET' ? [] : (['PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'] as const)),
  'RATE_LIMITED',
  'INTERNAL',
  'OVERLOADED',
  'UNAVAILABLE',
];

/** Collects the schemas that have a name, and puts references in their place. */
const schemaBook = () => {
  const schemas: Json = {};
  const refer = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(refer);
    if (typeof value !== 'object' || value === null) return value;
    const { title, ...rest } = value as Json;
    const members = Object.fromEntries(Object.entries(rest).map(([name, member]) => [name, refer(member)]));
    if (typeof title !== 'string') return members;
    schemas[title] = members;
    return { $ref: `#/components/schemas/${title}` };
  };
  return { schemas, refer };
};

const parameter = (where: 'path' | 'query' | 'header', name: string, schema: unknown, required: boolean, description?: string): Json => ({
  name,
  in: where,
  required,
  ...(description === undefined ? {} : { description }),
  schema,
});

const parametersOf = (route: Route, refer: (schema: unknown) => unknown): Json[] => [
  ...(route.unknownId === undefined ? [] : [parameter('path', 'id', { type: 'string' }, true)]),
  ...Object.entries(route.query ?? {}).map(([name, schema]) => parameter('query', name, refer(schema), false)),
  ...(route.key === undefined
    ? []
    : [
        parameter(
          'header',
          'Idempotency-Key',
          { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!-~]([ -~]*[!-~])?$' },
          route.key === 'required',
          'The same key and body again: the same answer, and no second effect. `abc` and `"abc"` are one key.',
        ),
      ]),
  ...Object.entries(route.headers ?? {}).map(([name, text]) => parameter('header', name, { type: 'string' }, false, text)),
];

const descriptions: Readonly<Record<string, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted, and still running',
  204: 'Done',
  304: 'Unchanged',
};

const answerOf = (route: Route, status: string, schema: TSchema | null, refer: (schema: unknown) => unknown): Json => ({
  description: descriptions[status] ?? status,
  headers: headersOfAnswer(route, status),
  ...(schema === null ? {} : { content: { 'application/json': { schema: refer(schema) } } }),
});

const problemsOf = (route: Route): Json => {
  const byStatus = Map.groupBy([...commonCodes(route), ...route.refusals], (code) => problemKinds[code].status);
  const answers = [...byStatus].map(([status, codes]): [string, Json] => [
    String(status),
    {
      description: codes.map((code) => `\`${code}\``).join(', '),
      headers: headersOfProblem(route, status, codes),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    },
  ]);
  return Object.fromEntries(answers);
};

const operationOf = (route: Route, refer: (schema: unknown) => unknown): Json => {
  const { method, path, tag, summary, description, access, body, answers } = route;
  return {
    operationId: `${method.toLowerCase()}${path.replaceAll(/[/{}-]+(\w)?/g, (_, letter: string | undefined) => letter?.toUpperCase() ?? '')}`,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(access === 'public' ? {} : { security: [{ accessToken: [] }] }),
    parameters: parametersOf(route, refer),
    ...(body === undefined ? {} : { requestBody: { required: true, content: { 'application/json': { schema: refer(body) } } } }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, schema]) => [status, answerOf(route, status, schema, refer)])),
      ...problemsOf(route),
    },
  };
};

const problemSchema: Json = {
  type: 'object',
  description: 'RFC 9457. Branch on `code`; each one is documented under `type`, with the members that it brings along.',
  required: ['type', 'title', 'status', 'detail', 'code', 'requestId'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', enum: Object.keys(problemKinds) },
    requestId: { type: 'string' },
    errors: {
      type: 'array',
      description: 'With `INVALID_REQUEST`: every mistake. `path` is a JSON Pointer, `?name` or a header’s name.',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: { path: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
  additionalProperties: true,
};

/** The OpenAPI 3.1 document of the routes: their schemas are JSON Schema already. */
export const openApiOf = (routes: readonly Route[]): Json => {
  const { schemas, refer } = schemaBook();
  const paths: Record<string, Json> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(route, refer);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Jumun',
      version: '1',
      description:
        'Orders that never oversell and never lose a won. Amounts are won, times are RFC 3339 in UTC, ids are opaque. Every error is a problem ' +
        '(RFC 9457) with a `code`; all codes: [/docs/errors](/docs/errors).',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      headers: commonHeaders,
      securitySchemes: { accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: { ...Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))), Problem: problemSchema },
    },
  };
};

import { type refusals, refusalData } from '@jumun/protos';
import { isProblemCode, type ProblemCode, problemKinds } from './catalogue.ts';

/** A mistake in the request: where (JSON Pointer, `?name` or a header's name), and what is wrong. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** So many are listed: an answer with all mistakes is for a person to read, and must not be much larger than the request was. */
export const ERRORS_MAX = 100;
/** In UTF-16 units. The names in a path are the client's, and may be as long as a body; each of its mistakes would repeat them. */
const PATH_LENGTH_MAX = 200;

/** A mistake's path as it is shown: only the beginning of a long one. */
export const shownPath = (path: string): string =>
  (path.length > PATH_LENGTH_MAX ? `${path.slice(0, PATH_LENGTH_MAX)}…` : path).toWellFormed();

/** An answer that is no success. A value, not an exception: refusals are ordinary. */
export interface Problem {
  readonly code: ProblemCode;
  /** Members beside the usual ones. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** More precise than what the catalogue says. */
  readonly detail?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const problem = (code: ProblemCode, data?: Problem['data'], headers?: Problem['headers']): Problem => ({ code, data, headers });

/** One error says it all; of several the first, and how many more are listed. */
export const invalidRequest = (found: readonly FieldError[]): Problem => {
  const errors = found.slice(0, ERRORS_MAX).map(({ path, message }) => ({ path: shownPath(path), message }));
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  const where = first === undefined || first.path === '' ? 'the body' : first.path;
  return { code: 'INVALID_REQUEST', data: { errors }, detail: first === undefined ? undefined : `${where}: ${first.message}${more}` };
};

/** A refusal's code and data as the API shows them, in problems and as the reason of a cancelled order. */
export const refusalMembers = (refusal: refusals.Refusal): { code: ProblemCode } & Record<string, unknown> => {
  const { code, ...data } = refusalData(refusal);
  if (!isProblemCode(code)) return { code: 'INTERNAL' };
  const known = Object.fromEntries(Object.entries(data).filter(([, value]) => value !== '' && value !== undefined));
  // The first shortage also stands at top level: most orders have one line.
  const shortages = known['shortages'] as readonly Record<string, unknown>[] | undefined;
  return { code, ...known, ...shortages?.[0] };
};

/** What a service refused, with more members if there are any. */
export const refused = (refusal: refusals.Refusal, more: Readonly<Record<string, unknown>> = {}): Problem => {
  const { code, ...data } = refusalMembers(refusal);
  if (code === 'INVALID_REQUEST') return invalidRequest(data['errors'] as FieldError[]);
  return { code, data: { ...data, ...more } };
};

export const statusOf = ({ code }: Problem): number => problemKinds[code].status;

/** The headers that a problem's code brings along. None may be kept: 404 and 405 would be, by caches that are told nothing. */
export const headersOf = ({ code, headers }: Problem): Record<string, string> => {
  const { status, retryAfterS } = problemKinds[code];
  return {
    'cache-control': 'no-store',
    ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    ...(retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }),
    ...headers,
  };
};

/** RFC 9457, as `application/problem+json`. */
export const problemBody = ({ code, data, detail }: Problem, publicUrl: string, requestId: string): string => {
  const { status, title, meaning } = problemKinds[code];
  return JSON.stringify({
    type: `${publicUrl}/docs/errors#${code}`,
    title,
    status,
    detail: detail ?? meaning.replace(/`(\w+)`/g, (quoted, name: string) => shown(data?.[name], quoted)).replaceAll('`', ''),
    code,
    requestId,
    ...data,
  });
};

/** "`limit` won" → "1000000 won", where the data has it. */
const shown = (value: unknown, quoted: string): string => (typeof value === 'number' || typeof value === 'string' ? String(value) : quoted);

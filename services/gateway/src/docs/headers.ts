import type { Route } from '../http/route.ts';
import { type ProblemCode, problemKinds } from '../problems/catalogue.ts';

type Json = Record<string, unknown>;

const header = (description: string, required: boolean, type = 'string'): Json => ({ description, required, schema: { type } });
const always = (description: string, type?: string): Json => header(description, true, type);
const sometimes = (description: string, type?: string): Json => header(description, false, type);

const RETRY_AFTER = 'Seconds after which trying again makes sense.';

/** The headers that answers of many operations have, by the name that references use. */
export const commonHeaders: Readonly<Record<string, Json>> = {
  'X-Request-Id': always('The request’s own id where it was a sane one, else one of ours.'),
  'WWW-Authenticate': always('`Bearer`'),
  Accept: always('What a body may be.'),
  'Retry-After': always(RETRY_AFTER, 'integer'),
  'RateLimit-Policy': always('`"default";q=100;w=1`: calls (`q`) in so many seconds (`w`).'),
  RateLimit: always('`"default";r=0;t=1`: calls that are left (`r`), and in how many seconds there are more (`t`).'),
  'Idempotent-Replayed': sometimes('`true` when this is what came of an earlier call with the same key.'),
};

const refer = (...names: readonly string[]): Json =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

/** What an answer of a success has. */
export const headersOfAnswer = ({ key, sends = {} }: Route, status: string): Json => ({
  ...refer('X-Request-Id', ...(key !== undefined && (status === '201' || status === '202') ? ['Idempotent-Replayed'] : [])),
  ...Object.fromEntries(Object.entries(sends).map(([name, { text, required }]) => [name, header(text, required)])),
});

/** A refusal that leaves a cancelled order behind is an effect: its key answers it again. */
const isReplayed = (code: ProblemCode): boolean => problemKinds[code].data?.includes('orderId') === true;

/** What a problem of one of these codes, all of one status, has. */
export const headersOfProblem = ({ refusals, key }: Route, status: number, codes: readonly ProblemCode[]): Json => {
  const late = codes.filter((code) => problemKinds[code].retryAfterS !== undefined);
  return {
    ...refer(
      'X-Request-Id',
      ...(status === 401 ? ['WWW-Authenticate'] : []),
      ...(status === 415 ? ['Accept'] : []),
      ...(late.length === codes.length ? ['Retry-After'] : []),
      ...(status === 429 ? ['RateLimit-Policy', 'RateLimit'] : []),
      ...(key !== undefined && codes.some((code) => refusals.includes(code) && isReplayed(code)) ? ['Idempotent-Replayed'] : []),
    ),
    ...(late.length > 0 && late.length < codes.length
      ? { 'Retry-After': sometimes(`${RETRY_AFTER} With ${late.map((code) => `\`${code}\``).join(', ')}.`, 'integer') }
      : {}),
  };
};

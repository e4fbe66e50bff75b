import { jest } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { KEY_ID, mint, SIGNING_KEY, USER_ID } from '../../test/gateway.ts';
import { openTokens } from './tokens.ts';

const tokens = openTokens({ signingKey: SIGNING_KEY, keyId: KEY_ID, ttlS: 900 });
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const read = (token: string, index: number): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString()) as Record<string, unknown>;
const claims = { iss: 'jumun', aud: 'jumun-api', sub: USER_ID, role: 'ADMIN', sid: 's', iat: 1, exp: 9_999_999_999 };
const signed = (header: unknown, payload: unknown, algorithm = 'sha256'): string => {
  const text = `${part(header)}.${part(payload)}`;
  return `${text}.${createHmac(algorithm, SIGNING_KEY).update(text).digest('base64url')}`;
};

it('issues what the API promises, and takes it back', () => {
  const token = tokens.issue({ userId: USER_ID, role: 'ADMIN', sessionId: 's-1' });
  const { iat, exp, ...rest } = read(token, 1) as { iat: number; exp: number };
  expect(read(token, 0)).toEqual({ alg: 'HS256', typ: 'JWT', kid: KEY_ID });
  expect(rest).toEqual({ iss: 'jumun', aud: 'jumun-api', sub: USER_ID, role: 'ADMIN', sid: 's-1' });
  expect(exp - iat).toBe(900);
  expect(tokens.verify(token)).toEqual({ userId: USER_ID, role: 'ADMIN', sessionId: 's-1' });
  expect(tokens.verify(token)).toEqual({ userId: USER_ID, role: 'ADMIN', sessionId: 's-1' });
});

it('takes tokens that others signed with the key', () => {
  expect(tokens.verify(signed({ alg: 'HS256', kid: KEY_ID }, claims))).toBeDefined();
});

it.each([
  ['no signature', `${part({ alg: 'none', kid: KEY_ID })}.${part(claims)}.`],
  ['alg none with a signature', signed({ alg: 'none', kid: KEY_ID }, claims)],
  ['another algorithm', signed({ alg: 'HS512', kid: KEY_ID }, claims, 'sha512')],
  ['another algorithm in name only', signed({ alg: 'RS256', kid: KEY_ID }, claims)],
  ['another key id', signed({ alg: 'HS256', kid: 'other' }, claims)],
  ['no key id', signed({ alg: 'HS256' }, claims)],
  ['another key', mint({}, { key: 'another-key-that-is-long-enough-for-hs256' })],
  ['a changed payload', mint().replace(/\.[^.]+\./, `.${part(claims)}.`)],
  ['another issuer', signed({ alg: 'HS256', kid: KEY_ID }, { ...claims, iss: 'x' })],
  ['another audience', signed({ alg: 'HS256', kid: KEY_ID }, { ...claims, aud: 'x' })],
  ['an unknown role', mint({ role: 'ROOT' })],
  ['roles as an array', mint({ role: ['ADMIN'] })],
  ['a user id that is none', mint({ sub: "1' OR 1=1" })],
  ['a session id that is none', mint({ sid: 5 })],
  ['no session', signed({ alg: 'HS256', kid: KEY_ID }, { ...claims, sid: undefined })],
  ['no expiry', signed({ alg: 'HS256', kid: KEY_ID }, { ...claims, exp: undefined })],
  ['an expiry as text', signed({ alg: 'HS256', kid: KEY_ID }, { ...claims, exp: '9999999999' })],
  ['a payload that is an array', signed({ alg: 'HS256', kid: KEY_ID }, [claims])],
  ['nothing', ''],
  ['two dots', '..'],
])('refuses %s', (_, token) => expect(tokens.verify(token)).toBeUndefined());

it('sees a token run out that it knows', () => {
  jest.useFakeTimers({ now: Date.now() });
  try {
    const token = tokens.issue({ userId: USER_ID, role: 'CUSTOMER', sessionId: 's' });
    expect(tokens.verify(token)).toBeDefined();
    jest.advanceTimersByTime(901_000);
    expect(tokens.verify(token)).toBeUndefined();
  } finally {
    jest.useRealTimers();
  }
});

import { TwoGenerations } from '@jumun/service-kit';
import { createSigner, createVerifier } from 'fast-jwt';
import { isId } from '../http/ids.ts';

export type Role = 'CUSTOMER' | 'ADMIN';

/** Who is signed in, as the access token says. */
export interface Caller {
  readonly userId: string;
  readonly role: Role;
  readonly sessionId: string;
}

export interface TokenOptions {
  readonly signingKey: string;
  readonly keyId: string;
  readonly ttlS: number;
}

export interface Tokens {
  readonly ttlS: number;
  issue(caller: Caller): string;
  /** The caller of a valid token; undefined for any other. */
  verify(token: string): Caller | undefined;
}

const ISSUER = 'jumun';
const AUDIENCE = 'jumun-api';
/** A token is some 350 bytes; two generations of these stay under 10 MB, and users who are active at once under the number. */
const CACHE_MAX = 10_000;

const SESSION_ID = /^[\w.-]{1,64}$/;

interface Claims {
  readonly sub: unknown;
  readonly role: unknown;
  readonly sid: unknown;
  readonly exp: number;
}

const callerOf = ({ sub, role, sid }: Claims): Caller | undefined => {
  if (typeof sub !== 'string' || !isId(sub)) return undefined;
  if (role !== 'CUSTOMER' && role !== 'ADMIN') return undefined;
  if (typeof sid !== 'string' || !SESSION_ID.test(sid)) return undefined;
  return { userId: sub, role, sessionId: sid };
};

/**
 * Access tokens: JWT, HS256 and nothing else. A signature is checked once for each token and remembered, its expiry is looked at each time.
 */
export const openTokens = ({ signingKey, keyId, ttlS }: TokenOptions): Tokens => {
  const sign = createSigner({ key: signingKey, algorithm: 'HS256', kid: keyId, iss: ISSUER, aud: AUDIENCE, expiresIn: ttlS * 1000 });
  const check = createVerifier({
    key: signingKey,
    algorithms: ['HS256'],
    allowedIss: ISSUER,
    allowedAud: AUDIENCE,
    requiredClaims: ['iss', 'aud', 'sub', 'role', 'sid', 'iat', 'exp'],
    complete: true,
  });
  const known = new TwoGenerations<string, { readonly caller: Caller; readonly expiresAtMs: number }>(CACHE_MAX);

  const checked = (token: string): { caller: Caller; expiresAtMs: number } | undefined => {
    try {
      const { header, payload } = check(token) as { header: { kid?: unknown }; payload: Claims };
      const caller = header.kid === keyId ? callerOf(payload) : undefined;
      return caller && { caller, expiresAtMs: payload.exp * 1000 };
    } catch {
      return undefined;
    }
  };
  return {
    ttlS,
    issue: ({ userId, role, sessionId }) => sign({ sub: userId, role, sid: sessionId }),
    verify: (token) => {
      let entry = known.get(token);
      if (entry === undefined) {
        entry = checked(token);
        if (entry !== undefined) known.set(token, entry);
      }
      return entry !== undefined && entry.expiresAtMs > Date.now() ? entry.caller : undefined;
    },
  };
};

import { createHmac, randomUUID } from 'node:crypto';

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** An access token of a customer, minted with the development key of the local cluster (api §1). Good for 15 minutes, longer than a run. */
export const mintToken = (userId: string, key: string, kid: string): string => {
  const now = Math.floor(Date.now() / 1_000);
  const claims = { iss: 'jumun', aud: 'jumun-api', sub: userId, role: 'CUSTOMER', sid: randomUUID(), iat: now, exp: now + 900 };
  const body = `${part({ alg: 'HS256', typ: 'JWT', kid })}.${part(claims)}`;
  return `${body}.${createHmac('sha256', key).update(body).digest('base64url')}`;
};

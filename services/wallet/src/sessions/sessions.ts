import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { refusal, type refusals, wallet } from '@jumun/protos';
import { canBeId, newId } from '@jumun/service-kit';
import type { PrismaClient, User } from '../generated/prisma/client.ts';
import { isLoginId } from '../users/login-id.ts';
import type { Passwords } from '../users/passwords.ts';
import { toUser } from '../users/users.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

type Answer = wallet.Session | { refused: refusals.Refusal };

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');
const newSecret = (): string => randomBytes(32).toString('base64url');
const same = (a: string, b: string): boolean => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
/** By it a token that was issued, now or earlier, is known from one that never was, though only the current one is stored. */
const signatureOf = (tokenKey: string, id: string, secret: string): string =>
  createHmac('sha256', tokenKey).update(`${id}.${secret}`).digest('base64url');
const session = (id: string, user: User, tokenKey: string, secret: string): wallet.Session =>
  wallet.Session.fromPartial({ id, user: toUser(user), refreshToken: `${id}.${secret}.${signatureOf(tokenKey, id, secret)}` });

/** Signs in. An unknown login id and a wrong password are one answer, after the same work. */
export const createSession = async (
  prisma: PrismaClient,
  passwords: Passwords,
  days: number,
  { loginId, password }: wallet.CreateSessionRequest,
): Promise<Answer> => {
  const user = isLoginId(loginId) ? await prisma.user.findUnique({ where: { loginId } }) : null;
  if (!(await passwords.verify(user?.passwordHash, password)) || user === null) return { refused: refusal('invalidCredentials') };
  const id = newId();
  const secret = newSecret();
  const tokenKey = randomBytes(32).toString('hex');
  const expiresAt = new Date(Date.now() + days * DAY_MS);
  await prisma.session.create({ data: { id, userId: user.id, tokenKey, refreshHash: hashOf(secret), expiresAt } });
  return session(id, user, tokenKey, secret);
};

/**
 * Changes the refresh token. The spent one, used again, is in the wrong hands: it ends the session. One that the session never had is
 * refused and ends nothing, since whoever knows or guesses an id could end anybody's session otherwise.
 */
export const refreshSession = async (prisma: PrismaClient, { refreshToken }: wallet.RefreshSessionRequest): Promise<Answer> => {
  const refused = { refused: refusal('invalidRefreshToken') };
  const [id = '', given = '', signature = '', ...more] = refreshToken.split('.');
  if (!canBeId(id) || more.length > 0) return refused;
  const row = await prisma.session.findUnique({ where: { id } });
  if (row === null || row.endedAt !== null || row.expiresAt <= new Date()) return refused;
  if (!same(signatureOf(row.tokenKey, id, given), signature)) return refused;
  if (!same(row.refreshHash, hashOf(given))) {
    await endSession(prisma, id);
    return refused;
  }
  const secret = newSecret();
  // Of two refreshes at once with the same token, one finds the hash still there.
  const { count } = await prisma.session.updateMany({
    where: { id, refreshHash: row.refreshHash, endedAt: null },
    data: { refreshHash: hashOf(secret) },
  });
  if (count === 0) {
    await endSession(prisma, id);
    return refused;
  }
  return session(id, await prisma.user.findUniqueOrThrow({ where: { id: row.userId } }), row.tokenKey, secret);
};

export const endSession = async (prisma: PrismaClient, id: string): Promise<void> => {
  if (!canBeId(id)) return;
  await prisma.session.updateMany({ where: { id, endedAt: null }, data: { endedAt: new Date() } });
};

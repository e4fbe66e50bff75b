import { refusal, type refusals, wallet } from '@jumun/protos';
import { faultPoint, newId } from '@jumun/service-kit';
import { Prisma, type PrismaClient, type User } from '../generated/prisma/client.ts';
import { isLoginId } from './login-id.ts';
import type { Passwords } from './passwords.ts';

export const toUser = ({ id, loginId, name, role, createdAt }: User): wallet.User =>
  wallet.User.fromPartial({ id, loginId, name, role: role === 'ADMIN' ? wallet.Role.ADMIN : wallet.Role.CUSTOMER, createdAt });

/** Prisma's code of a broken unique key. */
const isTaken = (error: unknown): boolean => error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002';

/** Registers a customer together with an empty wallet. Roles are never taken from a call. */
export const createUser = async (
  prisma: PrismaClient,
  passwords: Passwords,
  { loginId, name, password }: wallet.CreateUserRequest,
): Promise<wallet.User | { refused: refusals.Refusal }> => {
  if (!isLoginId(loginId))
    return {
      refused: refusal('invalidRequest', { errors: [{ path: '/loginId', message: 'must be 3 to 50 of a-z, 0-9, dot, dash, underscore' }] }),
    };
  const id = newId();
  const passwordHash = await passwords.hash(password);
  try {
    // The wallet first: were the user there without one, a charge could not be told from one for nobody.
    const [, user] = await prisma.$transaction([
      prisma.wallet.create({ data: { userId: id } }),
      prisma.user.create({ data: { id, loginId, name, passwordHash, role: 'CUSTOMER' } }),
    ]);
    await faultPoint('user:committed-not-answered'); // who asks again hears that the login id is taken, and signs in
    return toUser(user);
  } catch (error) {
    if (isTaken(error)) return { refused: refusal('loginIdTaken') };
    throw error;
  }
};

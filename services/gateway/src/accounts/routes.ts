import { wallet } from '@jumun/protos';
import type { Tokens } from '../auth/tokens.ts';
import { created, ok, type Result, type Route, route } from '../http/route.ts';
import type { Static } from '../http/schema.ts';
import { problem } from '../problems/problem.ts';
import { refusedOr, timeOf } from '../upstream/answers.ts';
import type { Ask } from '../upstream/ask.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import { credentials, isLoginId, mayBePassword, newUser, refresh, session, user } from './schemas.ts';

const REFRESH_TOKEN = /^[\x21-\x7e]{1,512}$/;

const roleOf = ({ role }: wallet.User): 'CUSTOMER' | 'ADMIN' => (role === wallet.Role.ADMIN ? 'ADMIN' : 'CUSTOMER');

const userView = (from: wallet.User): Static<typeof user> => ({
  id: from.id,
  loginId: from.loginId,
  name: from.name,
  role: roleOf(from),
  createdAt: timeOf(from.createdAt),
});

const sessionView = (from: wallet.Session, tokens: Tokens): Result => {
  if (from.user === undefined) throw new Error('a session without its user');
  const body: Static<typeof session> = {
    accessToken: tokens.issue({ userId: from.user.id, role: roleOf(from.user), sessionId: from.id }),
    refreshToken: from.refreshToken,
    tokenType: 'Bearer',
    expiresIn: tokens.ttlS,
  };
  return created(body);
};

/** Users and their sessions (api §2). */
export const accountRoutes = ({ wallet: service }: Upstreams, ask: Ask, tokens: Tokens): Route[] => [
  route({
    method: 'POST',
    path: '/v1/users',
    tag: 'Accounts',
    summary: 'Sign up',
    access: 'public',
    limitedByAddress: true,
    body: newUser,
    answers: { 201: user },
    refusals: ['LOGIN_ID_TAKEN'],
    handle: async ({ body }) => {
      // Not asked again: a second try of a call that worked would say that the login id is taken.
      const { outcome } = await ask((options) => service.createUser(body, options), { again: false });
      return outcome?.$case === 'created' ? created(userView(outcome.created)) : refusedOr(outcome);
    },
  }),
  route({
    method: 'POST',
    path: '/v1/sessions',
    tag: 'Accounts',
    summary: 'Sign in',
    access: 'public',
    limitedByAddress: true,
    body: credentials,
    answers: { 201: session },
    refusals: ['INVALID_CREDENTIALS'],
    handle: async ({ body }) => {
      if (!isLoginId(body.loginId) || !mayBePassword(body.password)) return problem('INVALID_CREDENTIALS');
      const { outcome } = await ask((options) => service.createSession(body, options), { again: true });
      return outcome?.$case === 'created' ? sessionView(outcome.created, tokens) : refusedOr(outcome);
    },
  }),
  route({
    method: 'POST',
    path: '/v1/sessions/refresh',
    tag: 'Accounts',
    summary: 'Get a new pair of tokens',
    description: 'The refresh token is spent by it; using it again ends the session.',
    access: 'public',
    body: refresh,
    answers: { 201: session },
    refusals: ['INVALID_REFRESH_TOKEN'],
    handle: async ({ body }) => {
      if (!REFRESH_TOKEN.test(body.refreshToken)) return problem('INVALID_REFRESH_TOKEN');
      // Not asked again: a second try of a call that worked would end the session.
      const { outcome } = await ask((options) => service.refreshSession(body, options), { again: false });
      return outcome?.$case === 'refreshed' ? sessionView(outcome.refreshed, tokens) : refusedOr(outcome);
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/sessions/current',
    tag: 'Accounts',
    summary: 'Sign out',
    description: 'Ends the refresh token; the access token runs out by itself.',
    access: 'signedIn',
    answers: { 204: null },
    refusals: [],
    handle: async ({ caller: { sessionId } }) => {
      await ask((options) => service.endSession({ sessionId }, options), { again: true });
      return { status: 204 };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/me',
    tag: 'Accounts',
    summary: 'Who am I?',
    access: 'signedIn',
    answers: { 200: user },
    refusals: [],
    handle: async ({ caller: { userId } }) => {
      const { user: me } = await ask((options) => service.getUser({ userId }, options), { again: true });
      return me === undefined ? problem('UNAUTHENTICATED') : ok(userView(me));
    },
  }),
];

import { Id, Named, OneOf, Strict, Text, Time, Type } from '../http/schema.ts';

const LOGIN_ID = { minLength: 3, maxLength: 50, pattern: '^[a-z0-9._-]*$' };

/** Whether anybody can have signed up under it. */
export const isLoginId = (text: string): boolean =>
  text.length >= LOGIN_ID.minLength && text.length <= LOGIN_ID.maxLength && new RegExp(LOGIN_ID.pattern).test(text);

const PASSWORD = { minLength: 8, maxLength: 128, format: 'password' };

/** Whether it is no longer than anybody's: the schema counts characters, `length` counts UTF-16 units, of which a character has one or two. */
export const mayBePassword = (text: string): boolean => text.length <= 2 * PASSWORD.maxLength;

export const newUser = Strict({
  loginId: Type.String({ ...LOGIN_ID, examples: ['minji'] }),
  name: Text(1, 100),
  password: Type.String(PASSWORD),
});

/** Any text: what cannot be a login id is as wrong as a wrong password, and tells no more. */
export const credentials = Strict({ loginId: Type.String(), password: Type.String({ format: 'password' }) });

export const refresh = Strict({ refreshToken: Type.String() });

export const user = Named(
  'User',
  Type.Object({ id: Id(), loginId: Type.String(), name: Type.String(), role: OneOf(['CUSTOMER', 'ADMIN']), createdAt: Time() }),
);

export const session = Named(
  'Session',
  Type.Object({
    accessToken: Type.String(),
    refreshToken: Type.String({ description: 'Spent by its first use.' }),
    tokenType: OneOf(['Bearer']),
    expiresIn: Type.Integer({ description: 'Seconds for which the access token is good.' }),
  }),
);

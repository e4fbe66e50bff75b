import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from './run-record.ts';
import { auditorUser, schemas } from './services.ts';

/** Random for each folder and kept in it: keys and passwords of a development cluster that nobody else can guess. */
export interface Secrets {
  jwtSigningKey: string;
  jwtKeyId: string;
  webhookSecret: string;
  /** By database user; a service's user is called like its schema. */
  databasePasswords: Record<string, string>;
  admin: { loginId: string; password: string };
}

const random = (): string => randomBytes(24).toString('base64url');

/** What the folder has, completed by what is new since it was made. */
export const secretsIn = (dir: string): Secrets => {
  const file = join(dir, 'secrets.json');
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<Secrets>) : {};
  const secrets: Secrets = {
    jwtSigningKey: kept.jwtSigningKey ?? randomBytes(32).toString('base64url'),
    jwtKeyId: kept.jwtKeyId ?? `dev-${randomBytes(3).toString('hex')}`,
    webhookSecret: kept.webhookSecret ?? `whsec_${randomBytes(24).toString('base64')}`,
    databasePasswords: Object.fromEntries([...schemas, auditorUser].map((user) => [user, kept.databasePasswords?.[user] ?? random()])),
    admin: kept.admin ?? { loginId: 'admin', password: random() },
  };
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  writeWhole(file, secrets);
  return secrets;
};

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { commonEnv, databaseRefusal, migrate, parseConfig, serviceEnv, textOf } from '@jumun/service-kit';
import { Failure } from '../failure.ts';
import { readOptions } from '../options.ts';
import { prepareTopics } from '../prepare.ts';
import { printedProgress } from '../progress.ts';
import { makeAdmin } from '../seed.ts';
import { migrationsOf, services } from '../services.ts';

const help = `npm run prepare-servers [-- FILE]     prepares MySQL and Kafka of your own for the services
Brings the schemas up to date, makes the topics that are missing, and the first administrator. Repeating it is harmless.

  FILE             where the variables are; those of the environment go before

  WALLET_DATABASE_URL, CATALOG_DATABASE_URL, COUPON_DATABASE_URL, ORDERS_DATABASE_URL
                   mysql://user:password@host:port/schema, with accounts that may create tables in their schema
  KAFKA_BROKERS    host:port,host:port
  TOPIC_PREFIX     as the services have it
  ADMIN_LOGIN_ID, ADMIN_PASSWORD
                   without them no administrator is made; one who exists keeps his password`;

const { DATABASE_URL } = serviceEnv.shape;
const text = commonEnv.shape.FAULT_POINTS_DIR; // any text, or none
const serversEnv = commonEnv.pick({ KAFKA_BROKERS: true, TOPIC_PREFIX: true }).extend({
  WALLET_DATABASE_URL: DATABASE_URL,
  CATALOG_DATABASE_URL: DATABASE_URL,
  COUPON_DATABASE_URL: DATABASE_URL,
  ORDERS_DATABASE_URL: DATABASE_URL,
  ADMIN_LOGIN_ID: text,
  ADMIN_PASSWORD: text,
});

/** What the API wants of a password. */
const PASSWORD_LENGTH = { min: 8, max: 128 };

const prepareServers = async (args: string[]): Promise<number> => {
  const read = readOptions(args, help, {}, { takesArguments: true });
  if (read === undefined) return 0;
  const [file, ...more] = read.positionals;
  if (more.length > 0) throw new Failure(`${more.join(' ')}: one file is enough.`, help);
  const result = parseConfig(serversEnv, { ...fileEnvironment(file), ...process.env });
  if ('mistakes' in result) throw new Failure(result.mistakes.join('\n'), help);
  const { config } = result;
  const admin = adminOf(config);
  const databases = services.flatMap(({ name, schema }) => {
    if (schema === undefined) return [];
    const variable = `${schema.toUpperCase()}_DATABASE_URL` as keyof typeof config;
    return [{ name, variable, url: config[variable] as string }];
  });
  await refuseWrongDatabases(databases);

  const progress = printedProgress();
  await progress.step('schemas', async (note) => {
    const applied = await Promise.all(
      databases.map(async ({ name, variable, url }) => `${name} ${await bringUpToDate(name, variable, url)}`),
    );
    note(applied.join(', '));
  });
  await progress.step('topics', async () => {
    try {
      await prepareTopics({ kafkaBrokers: config.KAFKA_BROKERS, topicPrefix: config.TOPIC_PREFIX });
    } catch (error) {
      throw new Failure(
        `KAFKA_BROKERS: the topics cannot be made: ${textOf(error)}`,
        'Does a broker answer there, and may topics be made?',
        {
          cause: error,
        },
      );
    }
  });
  if (admin === undefined) progress.say('– no administrator: ADMIN_LOGIN_ID and ADMIN_PASSWORD are not set');
  else await progress.step('administrator', () => administrator(config.WALLET_DATABASE_URL, admin));
  return 0;
};

export default prepareServers;

/** A path as seen from where npm was called: it runs its scripts at the root. No option named --env-file: Node takes that for its own, wherever it stands. */
const fileEnvironment = (file: string | undefined): NodeJS.ProcessEnv => {
  if (file === undefined) return {};
  const path = resolve(process.env['INIT_CWD'] ?? '.', file);
  try {
    return parseEnv(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Failure(`${path} cannot be read: ${textOf(error)}`, help, { cause: error });
  }
};

const adminOf = ({ ADMIN_LOGIN_ID: loginId, ADMIN_PASSWORD: password }: { ADMIN_LOGIN_ID?: string; ADMIN_PASSWORD?: string }) => {
  if (loginId === undefined && password === undefined) return undefined;
  if (loginId === undefined || password === undefined)
    throw new Failure('Of ADMIN_LOGIN_ID and ADMIN_PASSWORD one is not set.', 'Set both, or none.');
  const { length } = Array.from(password);
  if (length < PASSWORD_LENGTH.min || length > PASSWORD_LENGTH.max)
    throw new Failure(`ADMIN_PASSWORD has ${length} characters.`, `It takes ${PASSWORD_LENGTH.min} to ${PASSWORD_LENGTH.max}.`);
  return { loginId, password };
};

interface DatabaseOf {
  name: string;
  variable: string;
  url: string;
}

/** All of them are looked at before the first is changed. */
const refuseWrongDatabases = async (databases: readonly DatabaseOf[]): Promise<void> => {
  const places = databases.map(({ url }) => new URL(url)).map(({ hostname, port, pathname }) => `${hostname}:${port || 3306}${pathname}`);
  const mistakes = await Promise.all(
    databases.map(async ({ variable, url }, index) => {
      if (new URL(url).pathname.length < 2) return `${variable}: names no schema`;
      const first = places.indexOf(places[index] ?? '');
      if (first !== index) return `${variable}: names the same schema as ${databases[first]?.variable}`;
      const refusal = await databaseRefusal(url);
      return refusal === undefined ? [] : `${variable}: ${refusal}`;
    }),
  );
  if (mistakes.flat().length > 0)
    throw new Failure(mistakes.flat().join('\n'), 'Schemas and accounts are made by the administrator of your MySQL: docs/own-servers.md');
};

const bringUpToDate = async (name: string, variable: string, url: string): Promise<string> => {
  try {
    const { length } = await migrate(url, migrationsOf(name));
    return length === 0 ? 'is up to date' : `+${length}`;
  } catch (error) {
    throw new Failure(
      `${variable}: the schema of ${name} cannot be brought up to date: ${textOf(error)}`,
      'May its account create tables? docs/own-servers.md',
      { cause: error },
    );
  }
};

const administrator = async (walletDatabaseUrl: string, admin: { loginId: string; password: string }): Promise<void> => {
  try {
    await makeAdmin(walletDatabaseUrl, admin);
  } catch (error) {
    throw new Failure(`ADMIN_LOGIN_ID: ${textOf(error)}`, 'What was made before stays.', { cause: error });
  }
};

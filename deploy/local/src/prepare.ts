import { openBus } from '@jumun/messaging';
import { topics } from '@jumun/protos';
import { createLogger, migrate } from '@jumun/service-kit';
import { createConnection } from 'mariadb';
import { Failure } from './failure.ts';
import { CONNECT_WITHIN_MS, type InfraConnection } from './infra/connection.ts';
import type { Secrets } from './secrets.ts';
import { auditorUser, migrationsOf, schemas, services } from './services.ts';

/** `mysql://user:password@host:port/schema`, as services take it. */
export const databaseUrl = ({ mysql }: InfraConnection, { databasePasswords }: Secrets, user: string, schema = user): string =>
  `mysql://${user}:${databasePasswords[user]}@${mysql.host}:${mysql.port}/${schema}`;

/** A schema and a user for each service, who sees no other's, and the auditor, who sees all and changes nothing; then the migrations. */
export const prepareDatabases = async (infra: InfraConnection, secrets: Secrets): Promise<void> => {
  const { host, port, rootUser, rootPassword } = infra.mysql;
  const asRoot = { host, port, user: rootUser, password: rootPassword };
  const root = await createConnection({ ...asRoot, connectTimeout: CONNECT_WITHIN_MS, allowPublicKeyRetrieval: true });
  const account = async (user: string): Promise<void> => {
    await root.query(`CREATE USER IF NOT EXISTS '${user}'@'%'`);
    await root.query(`ALTER USER '${user}'@'%' IDENTIFIED BY '${secrets.databasePasswords[user]}'`);
  };
  try {
    await account(auditorUser);
    for (const schema of schemas) {
      await root.query(`CREATE DATABASE IF NOT EXISTS \`${schema}\` CHARACTER SET utf8mb4`);
      await account(schema);
      await root.query(`GRANT ALL PRIVILEGES ON \`${schema}\`.* TO '${schema}'@'%'`);
      await root.query(`GRANT SELECT ON \`${schema}\`.* TO '${auditorUser}'@'%'`);
    }
  } finally {
    await root.end();
  }
  await Promise.all(
    services.flatMap(({ name, schema }) => (schema === undefined ? [] : [bringUpToDate(name, databaseUrl(infra, secrets, schema))])),
  );
};

const bringUpToDate = async (service: string, url: string): Promise<void> => {
  try {
    await migrate(url, migrationsOf(service));
  } catch (error) {
    throw new Failure(
      `The schema of ${service} cannot be brought up to date: ${(error as Error).message}`,
      'Its data may come from another version of this checkout. If you do not need it: npm stop && rm -r .local',
      { cause: error },
    );
  }
};

/** Every topic of the topic table, with its partitions and retention. What exists already stays, but for its compression. */
export const prepareTopics = async ({ kafkaBrokers, topicPrefix }: { kafkaBrokers: string[]; topicPrefix?: string }): Promise<void> => {
  const bus = openBus({ brokers: kafkaBrokers, clientId: 'local-cluster', topicPrefix, logger: createLogger('local-cluster', 'warn') });
  try {
    await bus.createTopics(topics);
  } finally {
    await bus.close();
  }
};

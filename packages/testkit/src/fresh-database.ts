import { randomBytes } from 'node:crypto';
import { migrate, openDatabase, type Database } from '@jumun/service-kit';
import { createConnection, type Connection } from 'mariadb';
import { infrastructure } from './infrastructure.ts';

export interface FreshDatabase {
  /** As a service takes it in `DATABASE_URL`. */
  url: string;
  db: Database;
  /** Closes `db` and drops schema and user. */
  drop(): Promise<void>;
}

/** A schema with a random name and a user of its own, migrated from the folder (`services/<name>/prisma/migrations`). */
export const freshDatabase = async (migrationsFolder: string): Promise<FreshDatabase> => {
  const { mysql } = await infrastructure();
  const name = `t_${randomBytes(6).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  await asRoot(async (root) => {
    await root.query(`CREATE DATABASE ${name}`);
    await root.query(`CREATE USER '${name}'@'%' IDENTIFIED BY '${password}'`);
    await root.query(`GRANT ALL PRIVILEGES ON ${name}.* TO '${name}'@'%'`);
  });
  const url = `mysql://${name}:${password}@${mysql.host}:${mysql.port}/${name}`;
  await migrate(url, migrationsFolder);
  const db = openDatabase(url);
  return {
    url,
    db,
    drop: async () => {
      await db.close();
      await asRoot(async (root) => {
        await root.query(`DROP DATABASE ${name}`);
        await root.query(`DROP USER '${name}'@'%'`);
      });
    },
  };
};

const asRoot = async (work: (root: Connection) => Promise<void>): Promise<void> => {
  const { mysql } = await infrastructure();
  const root = await createConnection({
    host: mysql.host,
    port: mysql.port,
    user: mysql.rootUser,
    password: mysql.rootPassword,
    allowPublicKeyRetrieval: true,
    connectTimeout: 60_000, // the driver's own second is less than a busy machine takes at times
  });
  try {
    await work(root);
  } finally {
    await root.end();
  }
};

import { IDEMPOTENCY_DDL } from '../src/idempotency-statements.ts';
import { type Database, openDatabase } from '../src/tx.ts';
import { type MariadbServer, startMariadb } from './mariadb-server.ts';

export interface Things {
  readonly url: string;
  readonly db: Database;
}

/** For the tests of a file: a server with the table of keys and one of things, both empty before each. Usable from within `beforeAll` on. */
export const openThings = (columns: string): Things => {
  let server: MariadbServer;
  let things: Things;
  beforeAll(async () => {
    server = await startMariadb();
    const url = await server.schema();
    things = { url, db: openDatabase(url) };
    await things.db.execute(IDEMPOTENCY_DDL);
    await things.db.execute(`CREATE TABLE thing (${columns})`);
  });
  beforeEach(async () => {
    await things.db.execute('DELETE FROM idempotency');
    await things.db.execute('DELETE FROM thing');
  });
  afterAll(async () => {
    await things.db.close();
    await server.stop();
  });
  return {
    get url() {
      return things.url;
    },
    get db() {
      return things.db;
    },
  };
};

import { type Database, newId, openDatabase } from '@jumun/service-kit';
import { isLoginId } from './users/login-id.ts';
import { openPasswords } from './users/passwords.ts';

/** Rows in one statement: a packet stays below a megabyte. */
const CHUNK = 1_000;

const withDatabase = async <T>(url: string, work: (db: Database) => Promise<T>): Promise<T> => {
  const db = openDatabase(url, { poolSizeMax: 1 });
  try {
    return await work(db);
  } finally {
    await db.close();
  }
};

const roleOf = async (db: Database, loginId: string): Promise<string | undefined> =>
  (await db.query<{ role: string }>('SELECT role FROM users WHERE login_id = ?', [loginId]))[0]?.role;

/** Makes an administrator, the only way to become one. One who exists is left as he is, password too; a customer of that name is an error. */
export const seedAdmin = (url: string, { loginId, password, name }: { loginId: string; password: string; name: string }): Promise<void> =>
  withDatabase(url, async (db) => {
    if (!isLoginId(loginId)) throw new Error(`${loginId}: nobody could sign in with that; it takes 3 to 50 of a-z, 0-9, ".", "_" and "-"`);
    if ((await roleOf(db, loginId)) === undefined) {
      const passwordHash = await openPasswords().hash(password);
      // Keeps the row of somebody who seeds at the same time.
      await db.transaction(async (tx) => {
        void tx.execute(
          "INSERT INTO users (id, login_id, name, password_hash, role) VALUES (?, ?, ?, ?, 'ADMIN') ON DUPLICATE KEY UPDATE id = users.id",
          [newId(), loginId, name, passwordHash],
        );
        void tx.execute(
          'INSERT INTO wallets (user_id) SELECT id FROM users WHERE login_id = ? ON DUPLICATE KEY UPDATE user_id = wallets.user_id',
          [loginId],
        );
      });
    }
    if ((await roleOf(db, loginId)) !== 'ADMIN') throw new Error(`${loginId} is a customer: choose another login id for the administrator`);
  });

/** Makes `count` customers who hold `balance` won each, charged in one entry, and answers their ids. For benches: nobody can sign in as one of them. */
export const seedUsers = (url: string, count: number, balance: number): Promise<string[]> =>
  withDatabase(url, async (db) => {
    const ids = Array.from({ length: count }, newId);
    for (let from = 0; from < count; from += CHUNK) {
      const users = JSON.stringify(ids.slice(from, from + CHUNK).map((id) => [id, newId()]));
      const rows = `FROM JSON_TABLE(?, '$[*]' COLUMNS (id CHAR(36) CHARACTER SET ascii PATH '$[0]', entry CHAR(36) CHARACTER SET ascii PATH '$[1]')) j`;
      await db.transaction(async (tx) => {
        void tx.execute(
          `INSERT INTO users (id, login_id, name, password_hash, role) SELECT j.id, CONCAT('load-', j.id), 'Load', '-', 'CUSTOMER' ${rows}`,
          [users],
        );
        void tx.execute(`INSERT INTO wallets (user_id, balance, version) SELECT j.id, ?, ? ${rows}`, [
          balance,
          balance === 0 ? 0 : 1,
          users,
        ]);
        if (balance === 0) return; // the ledger has no entries of nothing
        void tx.execute(
          `INSERT INTO ledger (id, user_id, version, type, amount, balance_after, cause_id) SELECT j.entry, j.id, 1, 'CHARGE', ?, ?, j.entry ${rows}`,
          [balance, balance, users],
        );
      });
    }
    return ids;
  });

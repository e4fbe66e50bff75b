import { newId, openDatabase, type Database } from '@jumun/service-kit';
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

/** Makes an administrator, the only way to become one; an existing login id is left as it is. */
export const seedAdmin = (url: string, { loginId, password, name }: { loginId: string; password: string; name: string }): Promise<void> =>
  withDatabase(url, async (db) => {
    const passwordHash = await openPasswords().hash(password);
    await db.transaction(async (tx) => {
      const [known] = await tx.query('SELECT id FROM users WHERE login_id = ? FOR UPDATE', [loginId]);
      if (known !== undefined) return;
      const id = newId();
      void tx.execute('INSERT INTO wallets (user_id) VALUES (?)', [id]);
      void tx.execute("INSERT INTO users (id, login_id, name, password_hash, role) VALUES (?, ?, ?, ?, 'ADMIN')", [
        id,
        loginId,
        name,
        passwordHash,
      ]);
    });
  });

/** Makes `count` customers who hold `balance` won each, charged in one entry. For benches: nobody can sign in as one of them. */
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
        void tx.execute(`INSERT INTO wallets (user_id, balance, version) SELECT j.id, ?, 1 ${rows}`, [balance, users]);
        void tx.execute(
          `INSERT INTO ledger (id, user_id, version, type, amount, balance_after, cause_id) SELECT j.entry, j.id, 1, 'CHARGE', ?, ?, j.entry ${rows}`,
          [balance, balance, users],
        );
      });
    }
    return ids;
  });

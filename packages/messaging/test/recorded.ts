import type { Database, Tx } from '@jumun/service-kit';

/** A statement as it was sent, white space apart, and of an insert in bulk how many rows it had. */
export interface Sent {
  readonly sql: string;
  readonly rows?: number;
}

/** The database, and what is sent to it within transactions from now on. */
export const recorded = (db: Database): { db: Database; sent: Sent[] } => {
  const sent: Sent[] = [];
  const note = (sql: string, rows?: number): void => void sent.push({ sql: sql.trim().replaceAll(/\s+/g, ' '), rows });
  const noting = (tx: Tx): Tx => ({
    query: (sql, params) => {
      note(sql);
      return tx.query(sql, params);
    },
    execute: (sql, params) => {
      note(sql);
      return tx.execute(sql, params);
    },
    insert: (into, rows, onDuplicate = '') => {
      note(`INSERT INTO ${into} ${onDuplicate}`, rows.length);
      return tx.insert(into, rows, onDuplicate);
    },
  });
  return { db: { ...db, transaction: (work) => db.transaction((tx) => work(noting(tx))) }, sent };
};

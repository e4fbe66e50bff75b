import { type Database, openDatabase } from '@jumun/service-kit';

/** The four schemas whose books must agree. */
export const SCHEMAS = ['wallet', 'catalog', 'coupon', 'orders'] as const;
export type Schema = (typeof SCHEMAS)[number];

/** A read-only look into every service's rows. Nothing in this service writes. */
export interface Books extends Record<Schema, Pick<Database, 'query'>> {
  close(): Promise<void>;
}

/** Some statements read every row there is. */
const STATEMENT_TIMEOUT_MS = 600_000;

/** One URL a schema, each with an account that may SELECT and no more. */
export const openBooks = (urls: Record<Schema, string>): Books => {
  const open = (url: string): Database => openDatabase(url, { poolSizeMax: 2, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
  const databases = { wallet: open(urls.wallet), catalog: open(urls.catalog), coupon: open(urls.coupon), orders: open(urls.orders) };
  return {
    ...databases,
    close: async () => {
      await Promise.all(Object.values(databases).map((database) => database.close()));
    },
  };
};

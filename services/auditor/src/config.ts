import { z } from 'zod';

const url = z.string().startsWith('mysql://');

/** What the auditor reads from its environment: one schema of each service. An account that may only SELECT is enough. */
export const auditorEnv = z.object({
  WALLET_DATABASE_URL: url,
  CATALOG_DATABASE_URL: url,
  COUPON_DATABASE_URL: url,
  ORDERS_DATABASE_URL: url,
});

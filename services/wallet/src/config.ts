import { serviceEnv } from '@jumun/service-kit';
import { z } from 'zod';

/** Amounts are won. */
export const walletEnv = serviceEnv.extend({
  CHARGE_UNIT: z.coerce.number().int().positive().default(1_000),
  CHARGE_LIMIT: z.coerce.number().int().positive().default(1_000_000),
  BALANCE_LIMIT: z.coerce.number().int().positive().default(10_000_000),
  SESSION_DAYS: z.coerce.number().int().min(1).max(365).default(14),
});
export type WalletConfig = z.infer<typeof walletEnv>;

import { serviceEnv } from '@jumun/service-kit';
import { z } from 'zod';

const won = z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER);
const limit = (max: number) => z.coerce.number().int().min(1).max(max);

export const walletEnv = serviceEnv.extend({
  /** Won: a charge is a multiple of it. */
  CHARGE_UNIT: won.default(1_000),
  /** Won: the most in one charge. */
  CHARGE_LIMIT: won.default(1_000_000),
  /** Won: the most that charges may bring a wallet to. */
  BALANCE_LIMIT: won.default(10_000_000),
  /** Days from signing in until the refresh token is of no use any more. */
  SESSION_DAYS: limit(365).default(14),
  /** Charges in one transaction: one lock per wallet, one statement per table, some 10 ms of work. */
  CHARGE_BATCH_SIZE_MAX: limit(2_000).default(200),
  /** Charges that wait: about a second of work; whoever comes later hears at once that it is too much. */
  CHARGE_QUEUE_MAX: limit(100_000).default(2_000),
  /** Commands in one transaction: more hold their rows longer than they save. */
  COMMAND_BATCH_SIZE_MAX: limit(2_000).default(200),
});
export type WalletConfig = z.infer<typeof walletEnv>;

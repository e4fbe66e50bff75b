import { serviceEnv } from '@jumun/service-kit';
import { z } from 'zod';

const limit = (max: number) => z.coerce.number().int().min(1).max(max);

export const catalogEnv = serviceEnv.extend({
  /** Commands in one transaction: more hold their rows, hot ones among them, longer than they save. */
  COMMAND_BATCH_SIZE_MAX: limit(2_000).default(200),
  /** After so long without a sign of life another instance takes over; a batch takes a fraction of a third of it. */
  CONSUMER_SESSION_MS: z.coerce.number().int().min(6_000).max(300_000).default(10_000),
  /** How long a caller may repeat a call with its key. The API promises 24; twice that outlives every retry that began in time. */
  IDEMPOTENCY_HOURS: z.coerce
    .number()
    .int()
    .min(24)
    .max(24 * 30)
    .default(48),
});
export type CatalogConfig = z.infer<typeof catalogEnv>;

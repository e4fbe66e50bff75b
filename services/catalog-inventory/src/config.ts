import { serviceEnv } from '@jumun/service-kit';
import { z } from 'zod';

const limit = (max: number) => z.coerce.number().int().min(1).max(max);

export const catalogEnv = serviceEnv.extend({
  /** Commands in one transaction: more hold their rows, hot ones among them, longer than they save. */
  COMMAND_BATCH_SIZE_MAX: limit(2_000).default(200),
});
export type CatalogConfig = z.infer<typeof catalogEnv>;

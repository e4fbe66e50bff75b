import { serviceEnv } from '@jumun/service-kit';
import { z } from 'zod';

const limit = (max: number) => z.coerce.number().int().min(1).max(max);

export const couponEnv = serviceEnv.extend({
  /** Claims in one transaction: some 20 ms of work, the longest that a claim waits behind others of its event's row lock. */
  ISSUE_BATCH_SIZE_MAX: limit(5_000).default(500),
  /** Claims that wait: a rush of ten thousand at once is answered within a second or so; beyond that it is refused at once. */
  ISSUE_QUEUE_MAX: limit(1_000_000).default(10_000),
  /** Commands in one transaction: more hold their rows longer than they save. */
  COMMAND_BATCH_SIZE_MAX: limit(2_000).default(200),
});
export type CouponConfig = z.infer<typeof couponEnv>;

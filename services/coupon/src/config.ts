import { serviceEnv } from '@jumun/service-kit';
import type { z } from 'zod';

export const couponEnv = serviceEnv;
export type CouponConfig = z.infer<typeof couponEnv>;

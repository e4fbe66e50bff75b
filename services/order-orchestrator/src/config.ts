import { addressList, serviceEnv } from '@jumun/service-kit';
import { z } from 'zod';

export const orchestratorEnv = serviceEnv.extend({
  WALLET_GRPC: addressList,
  CATALOG_GRPC: addressList,
  COUPON_GRPC: addressList,
  /** A saga that nothing moved for so long is taken up again, by any instance. */
  SAGA_IDLE_MS: z.coerce.number().int().min(100).default(60_000),
  /** How often due sagas and unsent events are looked for. */
  SWEEP_INTERVAL_MS: z.coerce.number().int().min(50).default(2_000),
});
export type OrchestratorConfig = z.infer<typeof orchestratorEnv>;

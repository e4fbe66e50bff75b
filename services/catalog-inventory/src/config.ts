import { serviceEnv } from '@jumun/service-kit';
import type { z } from 'zod';

export const catalogEnv = serviceEnv;
export type CatalogConfig = z.infer<typeof catalogEnv>;

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { rootDir } from './paths.ts';

/** A service as the local cluster runs it. Everything else about it (its environment, its ports, its user) follows from this row. */
export interface ServiceRow {
  name: string;
  /** Its schema, and its database user's name. */
  schema?: string;
  /** The variable by which others find its gRPC addresses. */
  grpcEnv?: string;
  /** The services it calls, by their `grpcEnv`. */
  calls?: readonly string[];
  /** Whether it speaks HTTP to the outside. */
  http?: boolean;
}

export const services: readonly ServiceRow[] = [
  { name: 'wallet', schema: 'wallet', grpcEnv: 'WALLET_GRPC' },
  { name: 'catalog-inventory', schema: 'catalog', grpcEnv: 'CATALOG_GRPC' },
  { name: 'coupon', schema: 'coupon', grpcEnv: 'COUPON_GRPC' },
  { name: 'order-orchestrator', schema: 'orders', grpcEnv: 'ORDERS_GRPC', calls: ['WALLET_GRPC', 'CATALOG_GRPC', 'COUPON_GRPC'] },
  { name: 'gateway', http: true, calls: ['WALLET_GRPC', 'CATALOG_GRPC', 'COUPON_GRPC', 'ORDERS_GRPC'] },
];

export const schemas: readonly string[] = services.flatMap(({ schema }) => (schema === undefined ? [] : [schema]));

/** Reads everything, changes nothing. */
export const auditorUser = 'auditor';

export const serviceDir = (name: string): string => join(rootDir, 'services', name);
export const migrationsOf = (name: string): string => join(serviceDir(name), 'prisma', 'migrations');
export const isBuilt = (name: string): boolean => existsSync(join(serviceDir(name), 'dist', 'main.js'));

/** The first instance has the service's name, the others a number after it. */
export const instanceName = (name: string, index: number): string => (index === 0 ? name : `${name}-${index + 1}`);

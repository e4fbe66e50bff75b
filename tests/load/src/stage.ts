import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ClusterFile, localDir, readClusterFile, rootDir, serviceDatabaseUrl } from '@jumun/local';
import { COUPON_SHARE, requestsOf, type Shop } from './basket.ts';
import { type Calibration, calibrate, describeCalibration } from './calibration.ts';
import { type Generator, openGenerator, type Request } from './generator.ts';
import { untilRest } from './rest.ts';

export const USERS = 2_000;
export const PRODUCTS = 1_000;
/** Won and units that no run uses up. */
const BALANCE = 1_000_000_000;
const STOCK = 10_000_000;
/** Orders that warm up the compilers of all processes before anything is counted: the broker's need thousands until they are done. */
const WARM_UP = { rate: 300, seconds: 20 };
export const WARM_UP_ORDERS = WARM_UP.rate * WARM_UP.seconds;

/** A running cluster, warm and at rest, with customers who can pay, and a machine of which is known what it is worth. */
export interface Stage {
  readonly cluster: ClusterFile;
  readonly calibration: Calibration;
  readonly generator: Generator;
  readonly request: () => Request;
}

const folder = join(localDir, 'bench');

/** The bulk seeds of the services themselves, so that the books agree before the first order. */
const seed = async (orders: number): Promise<Shop> => {
  const from = (service: string): Promise<Record<string, (...args: unknown[]) => Promise<never>>> =>
    import(join(rootDir, 'services', service, 'dist', 'seed.js')) as Promise<never>;
  const [wallet, catalog, coupon] = await Promise.all([from('wallet'), from('catalog-inventory'), from('coupon')]);
  const users: string[] = await wallet!['seedUsers']!(serviceDatabaseUrl(localDir, 'wallet'), USERS, BALANCE);
  const products: Shop['products'] = await catalog!['seedProducts']!(serviceDatabaseUrl(localDir, 'catalog'), PRODUCTS, STOCK);
  const perUser = Math.ceil((orders * COUPON_SHARE * 1.1) / USERS) + 1;
  const coupons: Shop['coupons'] = await coupon!['seedCoupons']!(serviceDatabaseUrl(localDir, 'coupon'), users, perUser);
  return { users, products, coupons };
};

/** What this machine is worth; says it, too. */
export const measureMachine = (): Calibration => {
  mkdirSync(folder, { recursive: true });
  const calibration = calibrate(folder);
  console.log(describeCalibration(calibration));
  return calibration;
};

/** The running cluster, and what this machine is worth. */
export const lookAround = (): { cluster: ClusterFile; calibration: Calibration } => {
  const cluster = readClusterFile(localDir);
  return { cluster, calibration: measureMachine() };
};

/** Until the compilers of all processes know what comes. */
export const warmUp = async (generator: Generator, request: () => Request): Promise<void> => {
  console.log(`warming up: ${WARM_UP.rate} orders/s for ${WARM_UP.seconds} s …`);
  await generator.open(WARM_UP.rate, WARM_UP.seconds, request);
};

/** Seeds for `orders` orders, warms up, and waits until the cluster has come to rest. */
export const setStage = async (orders: number): Promise<Stage> => {
  const { cluster, calibration } = lookAround();
  const planned = orders + WARM_UP_ORDERS;
  console.log(`seeding ${USERS} users, ${PRODUCTS} products, coupons for a fifth of ${planned} orders …`);
  const request = requestsOf(await seed(planned), cluster);
  const generator = openGenerator(cluster.gatewayUrls);
  await warmUp(generator, request);
  await untilRest();
  return { cluster, calibration, generator, request };
};

/** Writes the figures down as JSON and says where. */
export const keepFigures = (kind: string, figures: object): void => {
  const at = new Date().toISOString();
  const file = join(folder, `${kind}-${at.replaceAll(':', '-')}.json`);
  writeFileSync(file, `${JSON.stringify({ kind, at, ...figures }, null, 2)}\n`);
  console.log(`figures: ${file}`);
};

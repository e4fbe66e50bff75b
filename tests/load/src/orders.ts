import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { localDir, readClusterFile, rootDir, serviceDatabaseUrl } from '@jumun/local';
import { calibrate, describeCalibration } from './calibration.ts';
import { COUPON_SHARE, requestsOf, type Shop } from './basket.ts';
import { cpuOf, perOrder } from './cpu.ts';
import { openGenerator, type Shot } from './generator.ts';
import { latencyOf } from './latency.ts';

export interface OrdersBench {
  /** Orders a second, or as many as go through. */
  readonly rate: number | 'max';
  readonly seconds: number;
}

const USERS = 2_000;
const PRODUCTS = 1_000;
/** Won and units that no run uses up. */
const BALANCE = 1_000_000_000;
const STOCK = 10_000_000;
/** Orders under way at the limit: each batch is well filled, and none waits for long. */
const IN_FLIGHT_MAX = 256;
/** More than goes through at the limit. */
const RATE_MAX = 4_000;
/** Orders that warm up the compilers of all processes before anything is counted. */
const WARM_UP = { rate: 300, seconds: 5 };

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

const count = (shots: readonly Shot[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { status, code } of shots) {
    const name = code === undefined ? String(status) : `${status} ${code}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
};

/** Places orders through REST at a running cluster. Answers whether every one of them was completed. */
export const benchOrders = async ({ rate, seconds }: OrdersBench): Promise<boolean> => {
  const cluster = readClusterFile(localDir);
  mkdirSync(join(localDir, 'bench'), { recursive: true });
  const calibration = calibrate(join(localDir, 'bench'));
  console.log(describeCalibration(calibration));
  const planned = (rate === 'max' ? RATE_MAX : rate) * seconds + WARM_UP.rate * WARM_UP.seconds;
  console.log(`seeding ${USERS} users, ${PRODUCTS} products, coupons for a fifth of ${planned} orders …`);
  const request = requestsOf(await seed(planned), cluster);
  const generator = openGenerator(cluster.gatewayUrls);
  await generator.open(WARM_UP.rate, WARM_UP.seconds, request);

  const cpuBefore = cpuOf(cluster);
  const ownBefore = process.cpuUsage();
  const begun = performance.now();
  const shots = rate === 'max' ? await generator.closed(IN_FLIGHT_MAX, seconds, request) : await generator.open(rate, seconds, request);
  const tookSeconds = (performance.now() - begun) / 1_000;
  const own = process.cpuUsage(ownBefore);
  const cpu = perOrder(cpuBefore, cpuOf(cluster), shots.length);
  await generator.close();

  const completed = shots.filter(({ status }) => status === 201).length;
  const result = {
    at: new Date().toISOString(),
    calibration,
    rate,
    seconds,
    orders: shots.length,
    completed,
    completedPerSecond: Math.round(completed / tookSeconds),
    answers: count(shots),
    latencyMs: latencyOf(shots.map(({ ms }) => ms)),
    cpuUsPerOrder: { ...cpu, all: Object.values(cpu).reduce((sum, us) => sum + us, 0) },
    generatorUsPerOrder: Math.round((own.user + own.system) / shots.length),
  };
  const file = join(localDir, 'bench', `orders-${result.at.replaceAll(':', '-')}.json`);
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  const { p50, p90, p99, max } = result.latencyMs;
  console.log(`${completed} of ${shots.length} orders completed in ${tookSeconds.toFixed(1)} s: ${result.completedPerSecond} orders/s`);
  if (completed < shots.length) console.log(`answers: ${JSON.stringify(result.answers)}`);
  console.log(`latency from the intended moment: p50 ${p50} ms, p90 ${p90} ms, p99 ${p99} ms, max ${max} ms`);
  console.log(
    `CPU per order: ${result.cpuUsPerOrder.all} µs, of which ${Object.entries(cpu)
      .map(([name, us]) => `${name} ${us}`)
      .join(', ')} (the generator's own ${result.generatorUsPerOrder} µs besides)`,
  );
  console.log(`figures: ${file}`);
  return completed === shots.length;
};

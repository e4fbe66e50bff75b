import { setTimeout as pause } from 'node:timers/promises';
import { isRunning, localDir, readRecord } from '@jumun/local';
import { startTestInfra } from '@jumun/local/test-infra';
import { COUPON_SHARE } from '../basket.ts';
import { openGenerator } from '../generator.ts';
import { type Load, ordersOf, place } from '../load.ts';
import { keepFigures, measureMachine, PRODUCTS, USERS, warmUp, WARM_UP_ORDERS } from '../stage.ts';
import { type Floor, openFloor } from './floor.ts';

/** The servers are new, and the broker's compiler needs that long at the limit: a cluster that has carried a few loads has it behind it. */
const WARM_UP_AT_LIMIT: Load = { rate: 'max', seconds: 60, inFlight: 256 };
/** After the last answer the last events go out. */
const REST_MS = 200;

const measure = async (load: Load, { gatewayUrl, pids, request }: Floor, servers: { mysql?: number; kafka?: number }) => {
  const generator = openGenerator([gatewayUrl]);
  await warmUp(generator, request);
  console.log(`warming up at the limit for ${WARM_UP_AT_LIMIT.seconds} s …`);
  await generator.closed(WARM_UP_AT_LIMIT.inFlight, WARM_UP_AT_LIMIT.seconds, request);
  await pause(REST_MS);
  const { mysql, kafka } = servers;
  const processes =
    mysql === undefined || kafka === undefined ? { pids, unseen: ['mysql', 'kafka'] } : { pids: { ...pids, mysql, kafka }, unseen: [] };
  return place(load, { processes, generator, request, untilRest: () => pause(REST_MS, 0) });
};

/**
 * What this machine gives to the least program that takes an order along the same path: the same processes, transactions and settings of the
 * servers, and nothing of what Jumun is for (decision 0013). Hold the figures of `orders` against it.
 */
export const benchFloor = async (load: Load): Promise<boolean> => {
  const calibration = measureMachine();
  if (isRunning(readRecord(localDir)?.supervisor)) console.log('NOTE: the local cluster runs beside it. For figures that count: npm stop');
  console.log('starting servers of its own …');
  const servers = await startTestInfra();
  try {
    const orders = ordersOf(load) + ordersOf(WARM_UP_AT_LIMIT) + WARM_UP_ORDERS;
    const floor = await openFloor(servers.infra, { users: USERS, products: PRODUCTS, coupons: Math.ceil(orders * COUPON_SHARE * 1.1) });
    try {
      const figures = await Promise.race([measure(load, floor, servers.infra.pids), floor.broken]);
      keepFigures('floor', { calibration, ...figures });
      return figures.completed === figures.orders;
    } finally {
      await floor.close();
    }
  } finally {
    await servers.stop();
  }
};

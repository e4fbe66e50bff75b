import { localDir, readRecord } from '@jumun/local';
import { startTestInfra } from '@jumun/local/test-infra';
import { COUPON_SHARE } from '../basket.ts';
import { openGenerator } from '../generator.ts';
import { type Load, ordersOf, place } from '../load.ts';
import { keepFigures, measureMachine, PRODUCTS, USERS, warmUp, WARM_UP_ORDERS } from '../stage.ts';
import { openFloor } from './floor.ts';

/** The servers are new, and the broker's compiler needs that long at the limit: a cluster that has carried a few loads has it behind it. */
const WARM_UP_AT_LIMIT: Load = { rate: 'max', seconds: 60, inFlight: 256 };

/**
 * What this machine gives to the least program that takes an order along the same path: the same processes, topics, transactions and settings of
 * the servers, and nothing of what Jumun is for. It neither validates nor refuses, remembers no repetition, asks nothing again, undoes nothing and
 * recovers nothing. Jumun cannot be faster than that here; how near it comes can be compared between machines.
 */
export const benchFloor = async (load: Load): Promise<boolean> => {
  const calibration = measureMachine();
  if (readRecord(localDir) !== undefined) console.log('NOTE: the local cluster runs beside it. For figures that count: npm stop');
  console.log('starting servers of its own …');
  const servers = await startTestInfra();
  try {
    const orders = ordersOf(load) + ordersOf(WARM_UP_AT_LIMIT) + WARM_UP_ORDERS;
    const floor = await openFloor(servers.infra, { users: USERS, products: PRODUCTS, coupons: Math.ceil(orders * COUPON_SHARE * 1.1) });
    try {
      const generator = openGenerator([floor.gatewayUrl]);
      await warmUp(generator, floor.request);
      console.log(`warming up at the limit for ${WARM_UP_AT_LIMIT.seconds} s …`);
      await generator.closed(WARM_UP_AT_LIMIT.inFlight, WARM_UP_AT_LIMIT.seconds, floor.request);
      const { mysql, kafka } = servers.infra.pids;
      const processes =
        mysql === undefined || kafka === undefined
          ? { pids: floor.pids, unseen: ['mysql', 'kafka'] }
          : { pids: { ...floor.pids, mysql, kafka }, unseen: [] };
      const figures = await place(load, { processes, generator, request: floor.request, untilRest: () => Promise.resolve(0) });
      keepFigures('floor', { calibration, ...figures });
      return figures.completed === figures.orders;
    } finally {
      await floor.close();
    }
  } finally {
    await servers.stop();
  }
};

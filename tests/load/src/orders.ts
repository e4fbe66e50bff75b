import { type Load, ordersOf, place } from './load.ts';
import { processesOf } from './processes.ts';
import { untilRest } from './rest.ts';
import { keepFigures, setStage } from './stage.ts';

/** Places orders through REST at a running cluster. Answers whether every one of them was completed. */
export const benchOrders = async (load: Load): Promise<boolean> => {
  const { cluster, calibration, generator, request } = await setStage(ordersOf(load));
  const figures = await place(load, { processes: processesOf(cluster), generator, request, untilRest });
  keepFigures('orders', { calibration, ...figures });
  return figures.completed === figures.orders;
};

import { setTimeout as pause } from 'node:timers/promises';
import type { Shot } from './generator.ts';
import { latencyOf, sayLatency } from './latency.ts';
import { keepFigures, setStage } from './stage.ts';
import { tally } from './tally.ts';

/** Between two orders, so that each finds a cluster that does nothing. */
const PAUSE_MS = 50;

/** How long one order takes on an idle cluster: `orders` orders, one after another. Answers whether every one of them was completed. */
export const benchSingle = async (orders: number): Promise<boolean> => {
  const { calibration, generator, request } = await setStage(orders);
  const shots: Shot[] = [];
  for (let i = 0; i < orders; i += 1) {
    shots.push(await generator.one(request()));
    await pause(PAUSE_MS);
  }
  await generator.close();
  const latencyMs = latencyOf(shots.map(({ ms }) => ms));
  const answers = tally(shots);
  const completed = answers['201'] ?? 0;
  console.log(`${completed} of ${orders} orders completed, one after another`);
  if (completed < orders) console.log(`answers: ${JSON.stringify(answers)}`);
  sayLatency('latency of a single order', latencyMs);
  keepFigures('single', { calibration, orders, completed, answers, latencyMs });
  return completed === orders;
};

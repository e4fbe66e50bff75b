// Run by `model.unit.spec.ts` in a thread: all seeds that it is given, one after the other. Posts what they saw.
import { parentPort, workerData } from 'node:worker_threads';
import { Violation } from './participants.ts';
import { World, nothingSeen, realInterpreter } from './world.ts';
import type { Seen } from './world.ts';

const runSeed = async (seed: number, seen: Seen): Promise<void> => {
  try {
    await new World(seed, realInterpreter, seen).run();
  } catch (error) {
    const what = error instanceof Violation ? error.message : error instanceof Error ? error.stack : String(error);
    throw new Error(`Seed ${seed}: ${what}\nIt replays alone: SAGA_SEED=${seed} npm run jest -- packages/saga/test/model.unit`, {
      cause: error,
    });
  }
};

const seen = nothingSeen();
for (const seed of workerData as readonly number[]) await runSeed(seed, seen);
parentPort?.postMessage(seen);

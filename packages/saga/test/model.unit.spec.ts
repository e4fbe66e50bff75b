import { Violation } from './model/participants.ts';
import { World, nothingSeen, realInterpreter } from './model/world.ts';
import type { Seen } from './model/world.ts';

const seeds = process.env.SAGA_SEED !== undefined ? [Number(process.env.SAGA_SEED)] : Array.from({ length: 20_000 }, (_, n) => n + 1);

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

test(`over ${seeds.length} random runs every saga ends or is parked, and nothing is lost, doubled or left behind`, async () => {
  const seen = nothingSeen();
  for (const seed of seeds) await runSeed(seed, seen);
  if (seeds.length === 1) return;
  // The runs must have met what they claim to survive.
  for (const [what, times] of Object.entries(seen)) expect({ what, often: times > 200 }).toEqual({ what, often: true });
}, 180_000);

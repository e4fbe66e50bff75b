import { inThread } from './model/in-thread.ts';
import type { Seen } from './model/world.ts';

const seeds = process.env.SAGA_SEED !== undefined ? [Number(process.env.SAGA_SEED)] : Array.from({ length: 20_000 }, (_, n) => n + 1);

test(`over ${seeds.length} random runs every saga ends or is parked, and nothing is lost, doubled or left behind`, async () => {
  const seen = await inThread<Seen>('./run-seeds.ts', seeds);
  if (seeds.length === 1) return;
  // The runs must have met what they claim to survive.
  for (const [what, times] of Object.entries(seen)) expect({ what, often: times > 200 }).toEqual({ what, often: true });
}, 180_000);

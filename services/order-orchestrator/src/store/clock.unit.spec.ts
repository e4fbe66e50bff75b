import type { Tx } from '@jumun/service-kit';
import { openClock } from './clock.ts';

/** A database whose clock stands where we say, and answers after so many milliseconds of ours. */
const setUp = () => {
  const world = { ours: 0, theirs: 1_000_000, answerMs: 4, looks: 0 };
  const pass = (ms: number): void => {
    world.ours += ms;
    world.theirs += ms;
  };
  const query = <Row>(): Promise<Row[]> => {
    world.looks += 1;
    pass(world.answerMs / 2);
    const now = world.theirs;
    pass(world.answerMs / 2);
    return Promise.resolve([{ now } as Row]);
  };
  const clock = openClock(() => world.ours);
  return { world, pass, now: () => clock({ query } as Pick<Tx, 'query'>) };
};

it('carries a look on for two seconds, never ahead of the database and behind it by no more than the answer took', async () => {
  const { world, pass, now } = setUp();
  for (let moves = 0; moves < 1_000; moves++) {
    const behind = -(await now()) + world.theirs;
    expect(behind).toBeGreaterThanOrEqual(0);
    expect(behind).toBeLessThanOrEqual(world.answerMs);
    pass(9.5);
  }
  expect(world.looks).toBe(5);
});

it('carries no look on that was long on its way', async () => {
  const { world, now } = setUp();
  world.answerMs = 51;
  await now();
  await now();
  expect(world.looks).toBe(2);
});

it('follows the database where its clock is set', async () => {
  const { world, pass, now } = setUp();
  await now();
  world.theirs -= 60_000;
  pass(2_000);
  const at = await now();
  expect(world.theirs - at).toBeLessThanOrEqual(world.answerMs);
});

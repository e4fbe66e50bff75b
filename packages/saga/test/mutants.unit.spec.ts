import { mutants } from './model/mutants.ts';
import { Violation } from './model/participants.ts';
import { World, nothingSeen } from './model/world.ts';
import type { Interpreter } from './model/world.ts';

const seedsMax = 5_000;

const firstViolation = async (interpreter: Interpreter): Promise<string | null> => {
  for (let seed = 1; seed <= seedsMax; seed++) {
    try {
      await new World(seed, interpreter, nothingSeen()).run();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      return error.message;
    }
  }
  return null;
};

test.each(Object.entries(mutants))('the model notices: %s', async (_, interpreter) => {
  expect(await firstViolation(interpreter)).not.toBeNull();
});

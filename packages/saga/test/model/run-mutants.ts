// Run by `mutants.unit.spec.ts` in a thread. Posts for each mutant the first violation that it met, or null.
import { parentPort } from 'node:worker_threads';
import { mutants } from './mutants.ts';
import { Violation } from './participants.ts';
import { World, nothingSeen } from './world.ts';
import type { Interpreter } from './world.ts';

const SEEDS_MAX = 5_000;

const firstViolation = async (name: string, interpreter: Interpreter): Promise<string | null> => {
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    try {
      await new World(seed, interpreter, nothingSeen()).run();
    } catch (error) {
      if (!(error instanceof Violation)) throw new Error(`mutant "${name}", seed ${seed}: no violation, but an error`, { cause: error });
      return error.message;
    }
  }
  return null;
};

const violations = new Map<string, string | null>();
for (const [name, interpreter] of Object.entries(mutants)) violations.set(name, await firstViolation(name, interpreter));
parentPort?.postMessage(violations);

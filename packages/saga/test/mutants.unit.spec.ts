import { inThread } from './model/in-thread.ts';
import { mutants } from './model/mutants.ts';

let violations: ReadonlyMap<string, string | null>;
beforeAll(async () => {
  violations = await inThread('./run-mutants.ts');
});

test.each(Object.keys(mutants))('the model notices: %s', (name) => {
  expect(violations.get(name)).toEqual(expect.any(String));
});

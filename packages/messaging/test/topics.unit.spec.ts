import { inSyncMin } from '../src/topics.ts';

test('a topic that asks for two copies in sync gets them of three, and one where more would stop everybody with the first broker', () => {
  expect([1, 2, 3].map((replicationFactor) => inSyncMin(2, replicationFactor))).toEqual([1, 1, 2]);
});

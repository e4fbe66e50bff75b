import { once } from 'node:events';
import { eventually } from '@jumun/testkit';
import { startRedis } from '../test/redis-server.ts';
import { openLease } from './lease.ts';
import { openRedis, type Redis } from './redis.ts';

let server: { url: string; stop(): Promise<void> };
let redis: Redis;
/** The same, without the short patience of request paths: whoever holds a lease is no matter of how fast the machine is. */
let patient: Redis;

beforeAll(async () => {
  server = await startRedis();
  redis = openRedis(server.url);
  patient = redis.duplicate({ commandTimeout: 60_000 });
  await Promise.all([redis, patient].map((each) => once(each, 'ready')));
});
afterAll(async () => {
  for (const each of [redis, patient]) each.disconnect();
  await server.stop();
});

it('is held by one at a time, with a token that rises from holder to holder', async () => {
  const a = openLease(patient, { name: 'sweep', holder: 'a', ttlMs: 60_000 });
  const b = openLease(patient, { name: 'sweep', holder: 'b', ttlMs: 60_000 });
  expect(await a.acquire()).toEqual({ state: 'held', token: 1 });
  expect(await a.acquire()).toEqual({ state: 'held', token: 1 });
  expect(await b.acquire()).toEqual({ state: 'busy' });
  await b.release();
  expect(await b.acquire()).toEqual({ state: 'busy' });
  await a.release();
  expect(await b.acquire()).toEqual({ state: 'held', token: 2 });
});

it('ends by itself', async () => {
  const a = openLease(patient, { name: 'short', holder: 'a', ttlMs: 40 });
  const b = openLease(patient, { name: 'short', holder: 'b', ttlMs: 40 });
  await a.acquire();
  const next = await eventually(async () => {
    const seen = await b.acquire();
    return seen.state === 'busy' ? undefined : seen;
  });
  expect(next).toEqual({ state: 'held', token: 2 });
});

it('is unknown, quickly, when redis is gone', async () => {
  const a = openLease(redis, { name: 'sweep', holder: 'a', ttlMs: 60_000 });
  patient.disconnect();
  await server.stop();
  const start = performance.now();
  expect(await a.acquire()).toEqual({ state: 'unknown' });
  await a.release();
  expect(performance.now() - start).toBeLessThan(5_000); // a client that waits for its connection, as ioredis does by itself, takes more
});

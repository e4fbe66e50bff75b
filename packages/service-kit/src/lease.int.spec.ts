import { once } from 'node:events';
import { startRedis } from '../test/redis-server.ts';
import { openLease } from './lease.ts';
import { openRedis, type Redis } from './redis.ts';
import { sleep } from './retry.ts';

let server: { url: string; stop(): Promise<void> };
let redis: Redis;

beforeAll(async () => {
  server = await startRedis();
  redis = openRedis(server.url);
  await once(redis, 'ready');
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

it('is held by one at a time, with a token that rises from holder to holder', async () => {
  const a = openLease(redis, { name: 'sweep', holder: 'a', ttlMs: 10_000 });
  const b = openLease(redis, { name: 'sweep', holder: 'b', ttlMs: 10_000 });
  expect(await a.acquire()).toEqual({ state: 'held', token: 1 });
  expect(await a.acquire()).toEqual({ state: 'held', token: 1 });
  expect(await b.acquire()).toEqual({ state: 'busy' });
  await b.release();
  expect(await b.acquire()).toEqual({ state: 'busy' });
  await a.release();
  expect(await b.acquire()).toEqual({ state: 'held', token: 2 });
});

it('ends by itself', async () => {
  const a = openLease(redis, { name: 'short', holder: 'a', ttlMs: 40 });
  const b = openLease(redis, { name: 'short', holder: 'b', ttlMs: 40 });
  await a.acquire();
  let seen = await b.acquire();
  for (let tries = 0; seen.state === 'busy' && tries < 100; tries++) {
    await sleep(10);
    seen = await b.acquire();
  }
  expect(seen).toEqual({ state: 'held', token: 2 });
});

it('is unknown, quickly, when redis is gone', async () => {
  const a = openLease(redis, { name: 'sweep', holder: 'a', ttlMs: 10_000 });
  await server.stop();
  const start = performance.now();
  expect(await a.acquire()).toEqual({ state: 'unknown' });
  await a.release();
  expect(performance.now() - start).toBeLessThan(1_000);
});

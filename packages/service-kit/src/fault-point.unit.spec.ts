import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { faultPoint, FaultPointError, openFaultPoints, parseFault } from './fault-point.ts';
import { sleep } from './retry.ts';

const dir = mkdtempSync(join(tmpdir(), 'kit-fault-points-'));
const points = openFaultPoints(dir);
const arm = (name: string, text: string): void => writeFileSync(join(dir, name), text);
afterAll(() => {
  points.close();
  rmSync(dir, { recursive: true });
});

/** Hits until the watcher has told of the file and it has acted; answers how long that hit took, in ms. */
const hitUntilItActs = async (name: string): Promise<number> => {
  for (;;) {
    const start = performance.now();
    await points.hit(name);
    if (!existsSync(join(dir, name.replaceAll(':', '_')))) return performance.now() - start;
    await sleep(5);
  }
};

it('does nothing where no folder is named', () => {
  expect(faultPoint('inbox:claimed')).toBeUndefined();
});

it('throws once', async () => {
  arm('inbox_claimed', 'throw');
  await expect(hitUntilItActs('inbox:claimed')).rejects.toThrow(FaultPointError);
  expect(existsSync(join(dir, 'inbox_claimed'))).toBe(false);
  expect(points.hit('inbox:claimed')).toBeUndefined();
});

it('acts at the Nth hit', async () => {
  arm('ping', 'throw');
  await expect(hitUntilItActs('ping')).rejects.toThrow(FaultPointError);
  arm('third', 'throw@3');
  let hits = 0;
  const counted = async (): Promise<void> => {
    for (;;) {
      await points.hit('third');
      hits++;
      await sleep(5);
    }
  };
  await expect(counted()).rejects.toThrow(FaultPointError);
  expect(hits).toBeGreaterThanOrEqual(2);
});

it('stalls for the time it is told', async () => {
  arm('slow', 'stall 60');
  expect(await hitUntilItActs('slow')).toBeGreaterThanOrEqual(58);
});

it.each([
  ['kill', { act: 'kill', atHit: 1 }],
  ['throw@2\n', { act: 'throw', atHit: 2 }],
  ['stall 250 @3', { act: 'stall', ms: 250, atHit: 3 }],
  ['', undefined],
  ['stall', undefined],
  ['explode', undefined],
])('reads %j', (text, fault) => {
  expect(parseFault(text)).toEqual(fault);
});

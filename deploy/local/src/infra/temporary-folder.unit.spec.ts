import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeAbandoned, temporaryFolder } from './temporary-folder.ts';

const dir = mkdtempSync(join(tmpdir(), 'jumun-temporary-'));
const memory = join(dir, 'memory');
mkdirSync(memory);
afterAll(() => rmSync(dir, { recursive: true }));

test('it lies in memory where that has room, and beside the data elsewhere', () => {
  expect(temporaryFolder(join(dir, 'data'), { memory, roomMin: 1 })).toMatch(/memory\/jumun-/);
  expect(temporaryFolder(join(dir, 'data'), { memory, roomMin: Infinity })).toBe(join(dir, 'data', 'mysql-tmp'));
  expect(temporaryFolder(join(dir, 'data'), { memory: join(dir, 'none') })).toBe(join(dir, 'data', 'mysql-tmp'));
  expect(existsSync(join(dir, 'none'))).toBe(false);
});

test('of what is there, only that of this checkout goes, whose process and server are gone', async () => {
  const own = temporaryFolder(join(dir, 'data'), { memory, roomMin: 1 });
  const ofTheDead = (n: number): string => own.replace(/-\d+-[^-]+-\d+$/, `-${process.pid}-another-${n}`);
  const others = [join(memory, 'jumun-0123abcd'), ofTheDead(1).replace(/jumun-[0-9a-f]{8}/, 'jumun-ffffffff')];
  for (const folder of [ofTheDead(1), ofTheDead(2), ...others]) mkdirSync(folder);
  expect(readdirSync(memory)).toHaveLength(5);
  const server = spawn('sh', ['-c', 'sleep 60; true', `--tmpdir=${ofTheDead(2)}`], { detached: true });
  const there = (): string[] =>
    readdirSync(memory)
      .map((name) => join(memory, name))
      .toSorted();
  try {
    removeAbandoned(memory);
    expect(there()).toEqual([own, ofTheDead(2), ...others].toSorted());
  } finally {
    process.kill(-server.pid!, 'SIGKILL');
  }
  await new Promise((resolve) => server.once('close', resolve));
  removeAbandoned(memory);
  expect(there()).toEqual([own, ...others].toSorted());
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@jumun/testkit/eventually';
import { startTime } from '../process-id.mjs';
import { takeTurn } from '../turn.mjs';

const dir = mkdtempSync(join(tmpdir(), 'jumun-turn-'));
const file = join(dir, 'lock');
const diary = join(dir, 'diary');
afterAll(() => rmSync(dir, { recursive: true }));
beforeEach(() => rmSync(file, { force: true }));

/** A process id that was somebody's and is nobody's any more. */
const pidOfTheDead = async (): Promise<number> => {
  const child = spawn('true');
  await once(child, 'exit');
  return child.pid as number;
};

test('a turn is named by its process, ends once, and leaves nothing', async () => {
  const release = await takeTurn(file);
  expect(readFileSync(file, 'utf8')).toMatch(new RegExp(`^${process.pid} `));
  release();
  expect(readdirSync(dir)).toEqual([]);
  writeFileSync(file, '1');
  release();
  expect(readFileSync(file, 'utf8')).toBe('1'); // somebody else's by now
});

test('the turn of a process that is gone is taken over, and one that names nobody', async () => {
  for (const left of [String(await pidOfTheDead()), '']) {
    writeFileSync(file, left);
    (await takeTurn(file))();
    expect(readdirSync(dir)).toEqual([]);
  }
});

test('a turn is not that of whoever has got its process’s id since, also where that is who wants it', async () => {
  for (const left of [
    `${process.pid} of-a-former-one`,
    `${process.pid} of-a-former-one another time`,
    `${process.ppid} of-a-former-one another time`,
  ]) {
    writeFileSync(file, left);
    (await takeTurn(file))();
    expect(readdirSync(dir)).toEqual([]);
  }
});

test('who is killed while clearing the turn of another one holds up nobody', async () => {
  writeFileSync(file, String(await pidOfTheDead()));
  const clearing = `
    import fs from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    const { rmSync } = fs;
    fs.rmSync = (path, options) => (path === ${JSON.stringify(file)} ? process.kill(process.pid, 'SIGKILL') : rmSync(path, options));
    syncBuiltinESMExports();
    const { takeTurn } = await import(${JSON.stringify(new URL('../turn.mjs', import.meta.url).href)});
    await takeTurn(${JSON.stringify(file)});`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', clearing], { stdio: 'inherit' });
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
  expect(readdirSync(dir)).toHaveLength(2);
  (await takeTurn(file, { signal: AbortSignal.timeout(30_000) }))();
  expect(readdirSync(dir)).toEqual([]);
});

test('who waits longer is told for whom, hears signals meanwhile, and may give up', async () => {
  const child = spawn('sleep', ['60']);
  writeFileSync(file, `${child.pid} mark ${startTime(child.pid!)}`);
  const told: number[] = [];
  const wanting = new AbortController();
  const waiting = takeTurn(file, { waiting: (pid) => told.push(pid), signal: wanting.signal }).catch((error: unknown) => error);
  await eventually(() => told.length > 0);
  expect(told).toEqual([child.pid]);
  wanting.abort(new Error('not wanted any more'));
  expect(await waiting).toEqual(new Error('not wanted any more'));
  expect(readdirSync(dir)).toEqual(['lock']);
  const release = takeTurn(file);
  child.kill('SIGKILL');
  (await release)();
  expect(readdirSync(dir)).toEqual([]);
});

test('two of one process take turns as well', async () => {
  const first = await takeTurn(file);
  const order: string[] = [];
  const second = takeTurn(file, { waiting: () => order.push('second waits') }).then((release) => (order.push('second goes'), release));
  await eventually(() => order.length > 0);
  order.push('first ends');
  first();
  (await second)();
  expect(order).toEqual(['second waits', 'first ends', 'second goes']);
});

test('of many who wait at a dead one’s turn, one goes at a time', async () => {
  appendFileSync(diary, '');
  writeFileSync(file, String(await pidOfTheDead()));
  // Some die in their turn, in the middle of it.
  const turns = `
    import { appendFileSync } from 'node:fs';
    import { takeTurn } from ${JSON.stringify(new URL('../turn.mjs', import.meta.url).href)};
    const write = (word) => appendFileSync(${JSON.stringify(diary)}, word + ' ' + process.pid + '\\n');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${Date.now() + 1_000} - Date.now()); // all at once
    for (let n = 0; n < 5; n++) {
      const release = await takeTurn(${JSON.stringify(file)});
      write('in');
      if (n === 3 && process.argv[1] === 'mortal') { write('out'); process.kill(process.pid, 'SIGKILL'); }
      write('out');
      release();
    }`;
  const who = Array.from({ length: 8 }, (_, n) => (n % 2 === 0 ? 'mortal' : 'other'));
  const children = who.map((name) => spawn(process.execPath, ['--input-type=module', '-e', turns, name], { stdio: 'inherit' }));
  await Promise.all(children.map((child) => once(child, 'exit')));
  const words = readFileSync(diary, 'utf8').trim().split('\n');
  expect(words).toHaveLength(2 * (4 * 4 + 4 * 5));
  for (let n = 0; n < words.length; n += 2) expect([words[n], words[n + 1]]).toEqual([words[n], words[n]?.replace('in', 'out')]);
});

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@jumun/testkit/eventually';
import { nodeBinary } from './paths.ts';
import { isRunning, terminate, type ProcessRef } from './process-ref.ts';

const dir = mkdtempSync(join(tmpdir(), 'jumun-foreground-'));
const foregrounds: ChildProcess[] = [];
const supervisors: ProcessRef[] = [];
afterAll(async () => {
  for (const foreground of foregrounds) foreground.kill('SIGKILL');
  await Promise.all(supervisors.map((supervisor) => terminate(supervisor, { graceMs: 0 })));
  rmSync(dir, { recursive: true });
});

const url = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);
const until = async (file: string): Promise<string> => {
  await eventually(() => existsSync(file));
  return readFileSync(file, 'utf8');
};

/** A supervisor that gets ready when it is told to by a file, and the foreground that waits for it; each writes down what happens to it. */
const start = async (name: string) => {
  const file = (what: string): string => join(dir, `${name}.${what}`);
  const supervisor = `
    import { existsSync, renameSync, writeFileSync } from 'node:fs';
    import { sayReady } from ${url('./foreground.ts')};
    import { refOf } from ${url('./process-ref.ts')};
    const write = (what, text) => { writeFileSync(${JSON.stringify(file(''))} + what + '.new', text); renameSync(${JSON.stringify(file(''))} + what + '.new', ${JSON.stringify(file(''))} + what); };
    process.on('SIGTERM', () => { write('ended', ''); process.exit(3); });
    const looking = setInterval(() => {
      if (!existsSync(${JSON.stringify(file('go'))})) return;
      clearInterval(looking);
      sayReady();
      setTimeout(() => { write('well', ''); }, 200);
      setInterval(() => {}, 1_000);
    }, 10);
    write('up', JSON.stringify(refOf(process.pid)));`;
  const foreground = spawn(
    nodeBinary,
    [
      '--no-warnings',
      '--input-type=module',
      '-e',
      `import { spawn } from 'node:child_process';
       import { writeFileSync } from 'node:fs';
       import { untilReady } from ${url('./foreground.ts')};
       const options = { detached: true, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] };
       const supervisor = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', process.argv[1]], options);
       const waiting = untilReady(supervisor);
       writeFileSync(process.argv[2], '');
       const outcome = await waiting;
       process.exit(outcome === 'ready' ? 0 : outcome);`,
      supervisor,
      file('waiting'),
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  foregrounds.push(foreground);
  const exited = once(foreground, 'exit').then(([code]: unknown[]) => code); // listened to from the start: it may end at any time
  const ref = JSON.parse(await until(file('up'))) as ProcessRef;
  supervisors.push(ref);
  await until(file('waiting'));
  return { foreground, exited, ref, file, getReady: () => writeFileSync(file('go'), '') };
};

test('the foreground is told when its supervisor is ready', async () => {
  const { exited, file, getReady } = await start('told');
  getReady();
  expect(await exited).toBe(0);
  await until(file('well'));
});

test('a supervisor whose foreground has died gets ready all the same, and goes on', async () => {
  const { foreground, exited, ref, file, getReady } = await start('alone');
  foreground.kill('SIGKILL');
  await exited;
  getReady();
  await until(file('well'));
  expect(isRunning(ref)).toBe(true);
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s to the foreground ends the supervisor that it waits for', async (signal) => {
  const { foreground, exited, file } = await start(signal);
  foreground.kill(signal);
  await until(file('ended'));
  expect(await exited).toBe(3);
});

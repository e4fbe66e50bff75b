import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { nodeBinary } from './paths.ts';

const supervisors: ChildProcess[] = [];
afterAll(() => supervisors.forEach((supervisor) => supervisor.kill('SIGKILL')));

/** A supervisor that does what it is told on its standard input, and tells on channel 3 what it has done; its exit code is what it was asked to end with. */
const supervise = (stdout: 'pipe' | number) => {
  const script = `
    import { writeSync } from 'node:fs';
    import { createInterface } from 'node:readline';
    import { listenForEnd } from ${JSON.stringify(new URL('./ending.ts', import.meta.url).href)};
    const { asked, signal } = listenForEnd();
    const tell = (what) => writeSync(3, what + '\\n');
    createInterface({ input: process.stdin }).on('line', (what) => {
      if (what === 'throw') setImmediate(() => { throw new Error('a bug'); });
      if (what === 'reject') void Promise.reject(new Error('a bug'));
      if (what === 'say') { process.stdout.write('a line\\n'); process.stderr.write('a line\\n'); }
      setTimeout(() => tell(what), 50);
    });
    tell('up');
    const code = await asked;
    tell('ended ' + (signal.aborted ? signal.reason.message : ''));
    process.exit(code);`;
  const supervisor = spawn(nodeBinary, ['--no-warnings', '--input-type=module', '-e', script], { stdio: ['pipe', stdout, stdout, 'pipe'] });
  supervisors.push(supervisor);
  const heard = createInterface({ input: supervisor.stdio[3] as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => (await heard.next()).value as unknown;
  const tell = (what: string): unknown => supervisor.stdin?.write(`${what}\n`);
  return { supervisor, exited: once(supervisor, 'close').then(([code]: unknown[]) => code), next, tell };
};

test.each(['throw', 'reject'])('what nobody has caught (%s) is said, and ends the cluster instead of leaving it', async (what) => {
  const { supervisor, exited, next, tell } = supervise('pipe');
  expect(await next()).toBe('up');
  let said = '';
  supervisor.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  tell(what);
  expect(await next()).toBe('ended The start was given up; what had been started was ended.');
  expect(await exited).toBe(1);
  expect(said).toMatch(/Error: a bug[^]*Nobody expected this/);
});

test('a supervisor whose readers are gone goes on, and can still be ended', async () => {
  const { supervisor, exited, next, tell } = supervise('pipe');
  expect(await next()).toBe('up');
  supervisor.stdout?.destroy();
  supervisor.stderr?.destroy();
  for (let n = 0; n < 2; n++) {
    tell('say');
    expect(await next()).toBe('say');
  }
  supervisor.kill('SIGTERM');
  expect(await next()).toContain('ended Interrupted');
  expect(await exited).toBe(0);
});

test('a supervisor whose log lies on a full disk goes on as well', async () => {
  const full = openSync('/dev/full', 'w');
  const { supervisor, exited, next, tell } = supervise(full);
  closeSync(full);
  expect(await next()).toBe('up');
  tell('say');
  expect(await next()).toBe('say');
  supervisor.kill('SIGINT');
  expect(await next()).toContain('ended Interrupted');
  expect(await exited).toBe(0);
});

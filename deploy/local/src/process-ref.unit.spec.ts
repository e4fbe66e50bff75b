import { spawn, type ChildProcess } from 'node:child_process';
import { isRunning, refOf, signal, terminate } from './process-ref.ts';

const started: ChildProcess[] = [];
const sleeper = (script = 'setInterval(() => {}, 1000)'): ChildProcess => {
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  started.push(child);
  return child;
};
afterAll(() => started.forEach((child) => child.kill('SIGKILL')));

test('a process is recognized while it runs, and not afterwards', async () => {
  const child = sleeper();
  const ref = refOf(child.pid);
  expect(isRunning(ref)).toBe(true);
  expect(await terminate(ref, { graceMs: 60_000 })).toBe('ended');
  expect(isRunning(ref)).toBe(false);
  expect(await terminate(ref, { graceMs: 60_000 })).toBe('gone');
});

test('a recycled pid is somebody else: it gets no signal', () => {
  const child = sleeper();
  const former = { pid: child.pid!, startedAt: 'another time' };
  expect(isRunning(former)).toBe(false);
  expect(signal(former, 'SIGKILL')).toBe(false);
  expect(isRunning(refOf(child.pid))).toBe(true);
});

test('a process that does not want to end is made to', async () => {
  const child = sleeper("process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('ready')");
  await new Promise((resolve) => child.stdout!.once('data', resolve));
  expect(await terminate(refOf(child.pid), { graceMs: 200 })).toBe('killed');
});

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from './failure.ts';
import { ManagedProcess } from './managed-process.ts';

const dir = mkdtempSync(join(tmpdir(), 'jumun-managed-'));
const processes: ManagedProcess[] = [];
afterAll(async () => {
  await Promise.all(processes.map((one) => one.stop()));
  rmSync(dir, { recursive: true });
});

const managed = (script: string, restart: boolean, events: string[] = []): ManagedProcess => {
  const file = join(dir, `${processes.length}`);
  const made = new ManagedProcess(
    {
      name: 'example',
      command: process.execPath,
      args: ['-e', `require('fs').writeFileSync('${file}.up', ''); ${script}`],
      logFile: `${file}.log`,
      isReady: () => Promise.resolve(existsSync(`${file}.up`)),
      readyWithinMs: 10_000,
      stopGraceMs: 2000,
    },
    { restart, onChange: (_, what) => events.push(what) },
  );
  processes.push(made);
  return made;
};

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
};

test('what was killed comes back when it is supervised, as another process', async () => {
  const events: string[] = [];
  const server = managed('setInterval(() => {}, 1000)', true, events);
  await server.start();
  const before = server.pid;
  await server.kill();
  await until(() => server.ready);
  expect(server.pid).not.toBe(before);
  expect(events).toEqual(['started', 'exited', 'restarting', 'started']);
  await server.stop();
  expect(server.running).toBe(false);
  expect(events.at(-1)).toBe('exited');
});

test('a revival for which there is no room is tried again', async () => {
  const events: string[] = [];
  const server = managed('setInterval(() => {}, 1000)', true, events);
  await server.start();
  const log = server.spec.logFile;
  rmSync(log);
  mkdirSync(log); // no log can be opened there, as on a full disk
  await server.kill();
  await until(() => events.filter((what) => what === 'restarting').length === 2);
  rmdirSync(log);
  await until(() => server.ready);
  expect(events.slice(0, 4)).toEqual(['started', 'exited', 'restarting', 'exited']);
  expect(events.slice(-2)).toEqual(['restarting', 'started']);
});

test('what is stopped or started within the pause before its revival is not revived', async () => {
  const events: string[] = [];
  const server = managed('setInterval(() => {}, 1000)', true, events);
  await server.start();
  await server.kill();
  await server.stop();
  expect(server.running).toBe(false);
  await server.start();
  await server.kill();
  await server.start();
  await new Promise((resolve) => setTimeout(resolve, 1_500)); // longer than both pauses
  expect(events).toEqual(['started', 'exited', 'started', 'exited', 'started']);
});

test('what was killed stays down when it is not supervised, and can be started again', async () => {
  const server = managed('setInterval(() => {}, 1000)', false);
  await server.start();
  await server.kill();
  expect(server.running).toBe(false);
  await server.start();
  expect(server.running).toBe(true);
});

test('a stopped process can be ended', async () => {
  const server = managed('setInterval(() => {}, 1000)', false);
  await server.start();
  await server.kill('SIGSTOP');
  await server.stop();
  expect(server.running).toBe(false);
});

test('a wrong configuration is not tried again', async () => {
  const events: string[] = [];
  const server = managed('setTimeout(() => process.exit(78), 300)', true, events);
  await server.start();
  await until(() => events.includes('exited'));
  await new Promise((resolve) => setTimeout(resolve, 800)); // longer than the first backoff
  expect(events).toEqual(['started', 'exited']);
});

test('one that cannot start says what it said itself', async () => {
  const made = new ManagedProcess(
    {
      name: 'broken',
      command: process.execPath,
      args: ['-e', "console.error('the port is taken'); process.exit(1)"],
      logFile: join(dir, 'broken.log'),
      isReady: () => Promise.resolve(false),
      readyWithinMs: 10_000,
      stopGraceMs: 100,
    },
    { restart: false },
  );
  const failure = await made.start().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Failure);
  expect(String(failure)).toMatch(/broken ended while it was starting[^]*the port is taken[^]*broken\.log/);
  expect(readFileSync(join(dir, 'broken.log'), 'utf8')).toBe('the port is taken\n');
});

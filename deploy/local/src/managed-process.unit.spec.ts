import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@jumun/testkit/eventually';
import { Failure } from './failure.ts';
import { ManagedProcess } from './managed-process.ts';

const dir = mkdtempSync(join(tmpdir(), 'jumun-managed-'));
const processes: ManagedProcess[] = [];
afterAll(async () => {
  await Promise.all(processes.map((one) => one.stop()));
  rmSync(dir, { recursive: true });
});

const forever = 'setInterval(() => {}, 1000)';
const managed = (script: string, restart: boolean, events: string[] = []): ManagedProcess => {
  const file = join(dir, `${processes.length}`);
  const made = new ManagedProcess(
    {
      name: 'example',
      command: process.execPath,
      args: ['-e', `${script}; require('fs').writeFileSync('${file}.up', '')`],
      logFile: `${file}.log`,
      isReady: () => Promise.resolve(existsSync(`${file}.up`)),
      readyWithinMs: 60_000,
      stopGraceMs: 2000,
    },
    { restart, onChange: (_, what) => events.push(what) },
  );
  processes.push(made);
  return made;
};

/** Another one, killed so often, has been revived each time: by then so has whatever was to be revived as often before. */
const othersAreRevived = async (times: number): Promise<void> => {
  const other = managed(forever, true);
  await other.start();
  for (let n = 0; n < times; n++) {
    await other.kill();
    await eventually(() => other.ready);
  }
};

test('what was killed comes back when it is supervised, as another process', async () => {
  const events: string[] = [];
  const server = managed(forever, true, events);
  await server.start();
  const before = server.pid;
  await server.kill();
  await eventually(() => server.ready);
  expect(server.pid).not.toBe(before);
  expect(events).toEqual(['started', 'exited', 'restarting', 'started']);
  await server.stop();
  expect(server.running).toBe(false);
  expect(events.at(-1)).toBe('exited');
});

test('a revival for which there is no room is tried again', async () => {
  const events: string[] = [];
  const server = managed(forever, true, events);
  await server.start();
  const log = server.spec.logFile;
  rmSync(log);
  mkdirSync(log); // no log can be opened there, as on a full disk
  await server.kill();
  await eventually(() => events.filter((what) => what === 'restarting').length === 2);
  rmdirSync(log);
  await eventually(() => server.ready);
  expect(events.slice(0, 4)).toEqual(['started', 'exited', 'restarting', 'exited']);
  expect(events.slice(-2)).toEqual(['restarting', 'started']);
});

test('what is stopped or started within the pause before its revival is not revived', async () => {
  const events: string[] = [];
  const server = managed(forever, true, events);
  await server.start();
  await server.kill();
  await server.stop();
  expect(server.running).toBe(false);
  await server.start();
  await server.kill();
  await server.start();
  await othersAreRevived(2);
  expect(events).toEqual(['started', 'exited', 'started', 'exited', 'started']);
});

test('what was killed stays down when it is not supervised, and can be started again', async () => {
  const server = managed(forever, false);
  await server.start();
  await server.kill();
  expect(server.running).toBe(false);
  await server.start();
  expect(server.running).toBe(true);
});

test('a stopped process can be ended', async () => {
  const server = managed(forever, false);
  await server.start();
  await server.kill('SIGSTOP');
  await server.stop();
  expect(server.running).toBe(false);
});

test('a wrong configuration is not tried again', async () => {
  const events: string[] = [];
  const server = managed(`process.on('SIGUSR2', () => process.exit(78)); ${forever}`, true, events);
  await server.start();
  await server.kill('SIGUSR2');
  await eventually(() => events.includes('exited'));
  await othersAreRevived(1);
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
      readyWithinMs: 60_000,
      stopGraceMs: 100,
    },
    { restart: false },
  );
  const failure = await made.start().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Failure);
  expect(String(failure)).toMatch(/broken ended while it was starting[^]*the port is taken[^]*broken\.log/);
  expect(readFileSync(join(dir, 'broken.log'), 'utf8')).toBe('the port is taken\n');
});

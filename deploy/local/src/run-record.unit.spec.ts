import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeBinary } from './paths.ts';
import { isRunning, refOf } from './process-ref.ts';
import { endLeftOvers, leftOver, openRecord, readRecord, writeWhole } from './run-record.ts';

const dir = mkdtempSync(join(tmpdir(), 'jumun-record-'));
afterAll(() => rmSync(dir, { recursive: true }));

test('a record follows what is started and ended, and goes when all is over', async () => {
  const record = await openRecord(dir, 'native');
  const self = refOf(process.pid)!;
  record.set('mysql', self);
  record.state('ready');
  expect(readRecord(dir)).toMatchObject({ supervisor: self, state: 'ready', kind: 'native', processes: { mysql: self } });
  record.set('mysql', undefined);
  expect(readRecord(dir)?.processes).toEqual({});
  await record.close();
  expect(readRecord(dir)).toBeUndefined();
});

test('writes that fail while the cluster runs are said once, not thrown, and made up for at the next change', async () => {
  const said: string[] = [];
  const record = await openRecord(dir, 'native', { say: (text) => said.push(text) });
  const self = refOf(process.pid)!;
  const noRoom = join(dir, 'processes.json.new');
  mkdirSync(noRoom); // no file can be written there, as on a full disk
  record.set('mysql', self);
  record.set('wallet', self);
  record.state('stopping');
  expect(said).toEqual([expect.stringMatching(/processes\.json is not up to date: EISDIR.*next change/)]);
  expect(readRecord(dir)).toMatchObject({ state: 'starting', processes: {} });
  rmdirSync(noRoom);
  record.set('mysql', undefined);
  expect(readRecord(dir)).toMatchObject({ state: 'stopping', processes: { wallet: self } });
  const noTurn = join(dir, `processes.json.turn.${process.pid}.new`);
  mkdirSync(noTurn);
  await record.close();
  rmdirSync(noTurn);
  expect(readRecord(dir)).toBeUndefined();
});

test('nothing is ended while its supervisor lives', async () => {
  const record = await openRecord(dir, 'native');
  record.set('mysql', refOf(process.pid));
  expect(await endLeftOvers(dir)).toEqual([]);
  await record.close();
});

test('of what a dead supervisor left, the very same processes are ended and no other', async () => {
  const orphan = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const ref = refOf(orphan.pid)!;
  const recycled = { pid: process.pid, startedAt: 'another time' };
  writeWhole(join(dir, 'processes.json'), {
    supervisor: recycled,
    state: 'ready',
    kind: 'native',
    startedAt: '',
    processes: { wallet: ref, mysql: recycled },
  });
  expect(leftOver(readRecord(dir)!)).toEqual([['wallet', ref]]);
  expect(await endLeftOvers(dir)).toEqual([`wallet (pid ${ref.pid})`]);
  expect(isRunning(ref)).toBe(false);
  expect(readRecord(dir)).toBeUndefined();
});

test('of several that start at once one gets the folder, and the others are told who has it', async () => {
  const folder = join(dir, 'contended');
  const script = `
    import { openRecord } from ${JSON.stringify(new URL('./run-record.ts', import.meta.url).href)};
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${Date.now() + 1_500} - Date.now()); // all at once
    try {
      const record = await openRecord(${JSON.stringify(folder)}, 'native');
      process.stdin.resume().once('close', () => void record.close());
      console.log('mine');
    } catch (error) {
      console.log(error.message);
    }`;
  const args = ['--no-warnings', '--input-type=module', '-e', script];
  const children = Array.from({ length: 6 }, () => spawn(nodeBinary, args, { stdio: ['pipe', 'pipe', 'inherit'] }));
  const said = await Promise.all(children.map(async ({ stdout }) => String(((await once(stdout, 'data')) as unknown[])[0]).trim()));
  const [winner] = children.filter((_, n) => said[n] === 'mine');
  const told = said.filter((each) => each !== 'mine');
  for (const each of told)
    expect(each).toContain(`running already, since ${readRecord(folder)?.startedAt} (supervisor pid ${winner?.pid})`);
  expect(told).toHaveLength(5);
  await Promise.all(
    children.map(async (child) => {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    }),
  );
  expect(readdirSync(folder)).toEqual([]);
});

test('the record of another supervisor stays when this one closes its own', async () => {
  const record = await openRecord(dir, 'native');
  writeWhole(join(dir, 'processes.json'), { ...readRecord(dir), supervisor: { pid: process.pid, startedAt: 'another time' } });
  await record.close();
  expect(readRecord(dir)?.supervisor.startedAt).toBe('another time');
});

test('what is written can be read by this user alone', () => {
  const file = join(dir, 'secret.json');
  writeWhole(file, { key: 1 });
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

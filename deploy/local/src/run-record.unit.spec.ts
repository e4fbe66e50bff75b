import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRunning, refOf } from './process-ref.ts';
import { endLeftOvers, leftOver, openRecord, readRecord, writeWhole } from './run-record.ts';

const dir = mkdtempSync(join(tmpdir(), 'jumun-record-'));
afterAll(() => rmSync(dir, { recursive: true }));

test('a record follows what is started and ended, and goes when all is over', () => {
  const record = openRecord(dir, 'native');
  const self = refOf(process.pid)!;
  record.set('mysql', self);
  record.state('ready');
  expect(readRecord(dir)).toMatchObject({ supervisor: self, state: 'ready', kind: 'native', processes: { mysql: self } });
  record.set('mysql', undefined);
  expect(readRecord(dir)?.processes).toEqual({});
  record.close();
  expect(readRecord(dir)).toBeUndefined();
});

test('nothing is ended while its supervisor lives', async () => {
  const record = openRecord(dir, 'native');
  record.set('mysql', refOf(process.pid));
  expect(await endLeftOvers(dir)).toEqual([]);
  record.close();
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

test('what is written can be read by this user alone', () => {
  const file = join(dir, 'secret.json');
  writeWhole(file, { key: 1 });
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

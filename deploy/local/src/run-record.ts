import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning, refOf, terminate, type ProcessRef } from './process-ref.ts';

/** What is running on behalf of a folder: enough to end exactly that, even when the process that started it is gone. */
export interface RunRecord {
  supervisor: ProcessRef;
  state: 'starting' | 'ready' | 'stopping';
  kind: 'native' | 'docker';
  startedAt: string;
  processes: Record<string, ProcessRef>;
}

const fileIn = (dir: string): string => join(dir, 'processes.json');

/** Writes a file so that no reader ever sees half of it; only this user may read it. */
export const writeWhole = (file: string, content: unknown): void => {
  writeFileSync(`${file}.new`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
};

export const readRecord = (dir: string): RunRecord | undefined =>
  existsSync(fileIn(dir)) ? (JSON.parse(readFileSync(fileIn(dir), 'utf8')) as RunRecord) : undefined;

/** The record of what this process starts, kept up to date on the disk. */
export const openRecord = (dir: string, kind: RunRecord['kind']) => {
  const supervisor = refOf(process.pid);
  if (supervisor === undefined) throw new Error('this process cannot see itself');
  mkdirSync(dir, { recursive: true });
  const record: RunRecord = { supervisor, state: 'starting', kind, startedAt: new Date().toISOString(), processes: {} };
  const write = (): void => writeWhole(fileIn(dir), record);
  write();
  return {
    set(name: string, ref: ProcessRef | undefined): void {
      if (ref === undefined) delete record.processes[name];
      else record.processes[name] = ref;
      write();
    },
    state(state: RunRecord['state']): void {
      record.state = state;
      write();
    },
    close(): void {
      rmSync(fileIn(dir), { force: true });
    },
  };
};

/** Recorded processes that still run although their supervisor does not. */
export const leftOver = (record: RunRecord): [name: string, ref: ProcessRef][] =>
  Object.entries(record.processes).filter(([, ref]) => isRunning(ref));

/** Ends what a dead supervisor left behind: services first, so that no client writes into a server that ends. */
export const endLeftOvers = async (dir: string): Promise<string[]> => {
  const record = readRecord(dir);
  if (record === undefined || isRunning(record.supervisor)) return [];
  const left = leftOver(record);
  const infra = (name: string): boolean => ['mysql', 'redis', 'kafka'].includes(name);
  await Promise.all(left.filter(([name]) => !infra(name)).map(([, ref]) => terminate(ref, { graceMs: 15_000 })));
  await Promise.all(left.filter(([name]) => infra(name)).map(([, ref]) => terminate(ref, { graceMs: 30_000 })));
  rmSync(fileIn(dir), { force: true });
  return left.map(([name, { pid }]) => `${name} (pid ${pid})`);
};

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { takeTurn } from '../turn.mjs';
import { Failure } from './failure.ts';
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

/**
 * Like {@link writeWhole}, for what is written anew at each change while a cluster runs: a write that fails is said, once, and not thrown, since
 * on a full disk as well everything has to run on and to be ended. The next change writes all.
 */
export const writeOrSay = (say: Say): typeof writeWhole => {
  let isBehind = false;
  return (file, content) => {
    try {
      writeWhole(file, content);
      isBehind = false;
    } catch (error) {
      if (!isBehind) say(`${file} is not up to date: ${(error as Error).message}. It is written again at the next change.`);
      isBehind = true;
    }
  };
};

export const readRecord = (dir: string): RunRecord | undefined => {
  try {
    return JSON.parse(readFileSync(fileIn(dir), 'utf8')) as RunRecord;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/** Says what a supervisor or a command has to say. */
type Say = (text: string) => void;

/** Looks at the record and changes it in one: whoever else wants to waits meanwhile. */
const inTurn = async (dir: string, work: () => void, say: Say, signal?: AbortSignal): Promise<void> => {
  const file = `${fileIn(dir)}.turn`;
  const release = await takeTurn(file, { waiting: (pid) => say(`… waiting for pid ${pid}, whose turn it is by ${file}`), signal });
  try {
    work();
  } finally {
    release();
  }
};

/** Removes the record, unless it is another supervisor's by now. Where there is no room for a turn, there is none for another's record either. */
const removeRecord = async (dir: string, supervisor: ProcessRef, say: Say): Promise<void> => {
  const remove = (): void => {
    const found = readRecord(dir)?.supervisor;
    if (found?.pid === supervisor.pid && found.startedAt === supervisor.startedAt) rmSync(fileIn(dir));
  };
  try {
    await inTurn(dir, remove, say);
  } catch {
    remove();
  }
};

/**
 * The record of what this process starts, kept up to date on the disk. Throws a {@link Failure} when there is one of what still runs: of two
 * that start at once, one gets the folder. Later writes that fail are said, not thrown.
 * `signal` gives up waiting for one's turn.
 */
export const openRecord = async (
  dir: string,
  kind: RunRecord['kind'],
  { say = console.error, signal }: { say?: Say; signal?: AbortSignal | undefined } = {},
) => {
  const supervisor = refOf(process.pid);
  if (supervisor === undefined) throw new Error('this process cannot see itself');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const record: RunRecord = { supervisor, state: 'starting', kind, startedAt: new Date().toISOString(), processes: {} };
  const claim = (): void => {
    refuseIfRunning(dir);
    writeWhole(fileIn(dir), record);
  };
  await inTurn(dir, claim, say, signal);
  const writeAgain = writeOrSay(say);
  const write = (): void => writeAgain(fileIn(dir), record);
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
    close: (): Promise<void> => removeRecord(dir, supervisor, say),
  };
};

/** Recorded processes that still run although their supervisor does not. */
export const leftOver = (record: RunRecord): [name: string, ref: ProcessRef][] =>
  Object.entries(record.processes).filter(([, ref]) => isRunning(ref));

/** Throws a {@link Failure} when the folder's cluster runs, or a part of it that its supervisor has left behind. */
export const refuseIfRunning = (dir: string): void => {
  const record = readRecord(dir);
  if (record === undefined) return;
  if (isRunning(record.supervisor)) {
    throw new Failure(`It is running already, since ${record.startedAt} (supervisor pid ${record.supervisor.pid}).`, 'To end it: npm stop');
  }
  const left = leftOver(record);
  if (left.length === 0) return;
  const list = left.map(([name, { pid }]) => `${name} (pid ${pid})`).join(', ');
  throw new Failure(`Its supervisor is gone, but these still run: ${list}.`, 'npm stop ends exactly these. Then start again.');
};

/** Ends what a dead supervisor left behind: services first, so that no client writes into a server that ends. */
export const endLeftOvers = async (dir: string): Promise<string[]> => {
  const record = readRecord(dir);
  if (record === undefined || isRunning(record.supervisor)) return [];
  const left = leftOver(record);
  const infra = (name: string): boolean => ['mysql', 'redis', 'kafka'].includes(name);
  await Promise.all(left.filter(([name]) => !infra(name)).map(([, ref]) => terminate(ref, { graceMs: 15_000 })));
  await Promise.all(left.filter(([name]) => infra(name)).map(([, ref]) => terminate(ref, { graceMs: 30_000 })));
  await removeRecord(dir, record.supervisor, console.error);
  return left.map(([name, { pid }]) => `${name} (pid ${pid})`);
};

import { mkdirSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { startTime } from '../../process-id.mjs';
import { rootDir, shortHash } from '../paths.ts';

/** Where the system keeps files in memory; in a container it is often 64 MB. */
const memoryFolder = '/dev/shm';
/** Temporary tables of a whole load take a few; the rest is for what else is kept there, and for a table that nobody foresaw. */
const roomMinBytes = 512 * 1024 ** 2;
/** In the name of all that this checkout makes there, where others have folders too. Containers may share the memory, and paths. */
const checkoutMark = shortHash(`${hostname()}:${rootDir}`);

const madeBy = (pid: number): string => `${pid}-${startTime(pid)?.replaceAll(/[^\w]/g, '-')}`;

/**
 * Each set-based statement reads its batch through a temporary table, which is a file as soon as a text column is in it. Making and removing
 * files costs more than the statement, so they are kept in memory where that has room, and beside the data elsewhere. Nothing in them outlives a
 * statement: whoever has made the folder removes it when the server has ended.
 */
export const temporaryFolder = (data: string, { memory = memoryFolder, roomMin = roomMinBytes } = {}): string => {
  removeAbandoned(memory);
  if (roomIn(memory) >= roomMin) {
    const folder = join(memory, `jumun-${checkoutMark}-${shortHash(data)}-${madeBy(process.pid)}`);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  }
  const folder = join(data, 'mysql-tmp');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
};

/** Removes what this checkout has in memory of processes that were killed, unless a server that they have left behind still uses it. */
export const removeAbandoned = (memory = memoryFolder): void => {
  const name = new RegExp(`^jumun-${checkoutMark}-[0-9a-f]{8}-((\\d+)-.+)$`);
  for (const entry of existing(memory)) {
    const [, maker, pid] = name.exec(entry) ?? [];
    if (maker === undefined || maker === madeBy(Number(pid))) continue;
    const folder = join(memory, entry);
    if (isUsed(folder)) continue;
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // another user's, who has once started this checkout: no reason not to start or stop
    }
  }
};

const existing = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return []; // not Linux
  }
};

const roomIn = (folder: string): number => {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return 0;
  }
};

/** Whether a process was started with this folder. */
const isUsed = (folder: string): boolean =>
  existing('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .some((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
      } catch {
        return false; // it has ended meanwhile
      }
    });

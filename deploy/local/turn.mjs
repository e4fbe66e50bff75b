// Turns of processes, by a file that names whose turn it is. Without any dependency, for any Node from 20.19 on.
import { createHash, randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { startTime } from './process-id.mjs';

const LOOK_INTERVAL_MS = 200;
/** A wait that is over sooner is not worth a word. */
const TOLD_AFTER_MS = 2_000;

/** The marks of this process that it has set or is about to: any other with its id is of a former one that had the same. */
const mine = new Set();

/**
 * Waits until it is this process's turn, and answers how to end that; it also ends with the process. The turn of a process that is gone is taken
 * over. `waiting` is told once whose turn it is instead, when that takes longer; `signal` gives up waiting, and its reason is thrown.
 */
export const takeTurn = async (file, { waiting = () => undefined, signal } = {}) => {
  // No two turns are alike, also not those of one process. The start time tells it from a later one that gets its id.
  const mark = `${process.pid} ${randomBytes(8).toString('hex')} ${startTime(process.pid) ?? ''}`;
  const begun = Date.now();
  mine.add(mark);
  try {
    for (let told = false; !take(file, mark);) {
      signal?.throwIfAborted();
      const other = read(file);
      if (other === undefined) continue;
      if (isGoing(other)) {
        if (!told && Date.now() - begun > TOLD_AFTER_MS) {
          waiting(Number(other.split(' ')[0]));
          told = true;
        }
        await pause(LOOK_INTERVAL_MS); // not blocking: a signal has to be heard meanwhile
      } else await clear(file, other, signal);
    }
  } catch (error) {
    mine.delete(mark);
    throw error;
  }
  const release = () => {
    process.off('exit', release);
    mine.delete(mark);
    if (read(file) === mark) rmSync(file, { force: true });
  };
  process.once('exit', release);
  return release;
};

/** The file is there with its content or not at all: one that is still empty would read like that of nobody. */
const take = (file, mark) => {
  const own = `${file}.${process.pid}.new`;
  try {
    writeFileSync(own, mark);
    linkSync(own, file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
};

/** Those who find the same turn abandoned take turns in clearing it, lest a slow one remove what a faster one has put there since. */
const clear = async (file, abandoned, signal) => {
  const release = await takeTurn(`${file}.${createHash('sha256').update(abandoned).digest('hex').slice(0, 16)}`, { signal });
  if (read(file) === abandoned) rmSync(file, { force: true });
  release();
};

const read = (file) => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
};

/** Whether the very process that has set the mark still runs. In a container each start may have the id of the one before. */
const isGoing = (mark) => {
  const [id, , ...rest] = mark.split(' ');
  const [pid, startedAt] = [Number(id), rest.join(' ')];
  if (!(pid > 0)) return false;
  if (pid === process.pid) return mine.has(mark);
  const now = startTime(pid);
  if (now !== undefined) return startedAt === '' || now === startedAt;
  try {
    process.kill(pid, 0);
    return false; // a zombie
  } catch (error) {
    return error.code === 'EPERM'; // another user's, of which the system shows nothing
  }
};

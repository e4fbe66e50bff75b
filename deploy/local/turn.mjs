// Turns of processes, by a file that names whose turn it is. Without any dependency, for any Node from 20.19 on.
import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const LOOK_INTERVAL_MS = 200;

/**
 * Waits, blocking, until it is this process's turn, and answers how to end that; it also ends with the process. The turn of a process that is
 * gone is taken over. `waiting` is told once whose turn it is instead.
 */
export const takeTurn = (file, waiting) => {
  // No two turns are alike, also not those of one process, or of one that gets the id of another.
  const mark = `${process.pid} ${randomBytes(8).toString('hex')}`;
  for (let told = false; !take(file, mark);) {
    const other = read(file);
    if (other === undefined) continue;
    const [pid] = other.split(' ');
    if (isAlive(Number(pid))) {
      if (!told) waiting(Number(pid));
      told = true;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_INTERVAL_MS);
    } else clear(file, other);
  }
  const release = () => {
    process.off('exit', release);
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
const clear = (file, abandoned) => {
  const release = takeTurn(`${file}.${Buffer.from(abandoned).toString('hex')}`, () => undefined);
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

const isAlive = (pid) => {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};

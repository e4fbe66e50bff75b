import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** A process as it can be recognized later: a recycled pid has another start time. */
export interface ProcessRef {
  pid: number;
  startedAt: string;
}

/** When the process started, in a form that only serves to be compared; undefined when there is none (a zombie counts as none). */
export const startTime = (pid: number): string | undefined => {
  if (process.platform !== 'linux') {
    const { stdout } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' });
    const line = (stdout ?? '').trim();
    return line === '' || line.startsWith('Z') ? undefined : line.replace(/^\S+\s+/, '');
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command's name stands in brackets and may hold anything, so count from the last bracket: state is field 3, start time field 22.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)}/${fields[19]}`;
  } catch {
    return undefined;
  }
};

/** What to remember of a running process. */
export const refOf = (pid: number | undefined): ProcessRef | undefined => {
  const startedAt = pid === undefined ? undefined : startTime(pid);
  return pid === undefined || startedAt === undefined ? undefined : { pid, startedAt };
};

/** True while the very process that was remembered is still running. */
export const isRunning = (ref: ProcessRef | undefined): ref is ProcessRef => ref !== undefined && startTime(ref.pid) === ref.startedAt;

/** Sends a signal to the remembered process, and to nobody else. Returns whether it was there. */
export const signal = (ref: ProcessRef | undefined, name: NodeJS.Signals): boolean => {
  if (!isRunning(ref)) return false;
  try {
    process.kill(ref.pid, name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
};

/** Asks a process to end and makes it end when `graceMs` have passed. Returns whether it had to be made to. */
export const terminate = async (ref: ProcessRef | undefined, { graceMs }: { graceMs: number }): Promise<'gone' | 'ended' | 'killed'> => {
  if (!signal(ref, 'SIGTERM')) return 'gone';
  for (const deadline = Date.now() + graceMs; Date.now() < deadline; await pause(25)) if (!isRunning(ref)) return 'ended';
  signal(ref, 'SIGKILL');
  while (isRunning(ref)) await pause(10);
  return 'killed';
};

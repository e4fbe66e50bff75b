import { setTimeout as pause } from 'node:timers/promises';
import { startTime } from '../process-id.mjs';

/** A process as it can be recognized later: a recycled pid has another start time. */
export interface ProcessRef {
  pid: number;
  startedAt: string;
}

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

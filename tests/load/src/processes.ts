import { readFileSync } from 'node:fs';
import type { ClusterFile } from '@jumun/local';

/** The processes of a cluster that can be looked at from here, and those that cannot. */
export interface Processes {
  readonly pids: Readonly<Record<string, number>>;
  /** What runs in containers: their processes have no pid here, so nothing below counts them. */
  readonly unseen: readonly string[];
}

export const processesOf = ({ services, mysql, redis, kafka }: ClusterFile): Processes => {
  const all = Object.entries({ ...services, mysql, redis, kafka });
  return {
    pids: Object.fromEntries(all.flatMap(([name, { pid }]) => (pid === undefined ? [] : [[name, pid]]))),
    unseen: all.filter(([, { pid }]) => pid === undefined).map(([name]) => name),
  };
};

/** A line that says what a sum lacks; nothing when it lacks nothing. */
export const sayUnseen = (unseen: readonly string[]): void => {
  if (unseen.length > 0)
    console.log(`NOT counted: ${unseen.join(', ')}, which run in containers (start with --native to have them counted)`);
};

/** `/proc/<pid>/stat` counts in ticks of 10 ms on every Linux that Node runs on. */
const TICK_US = 10_000;

const cpuUs = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The command's name stands in brackets and may hold anything, so count from the last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
};

/** Microseconds of CPU that each process has used since it began. */
export const cpuOf = ({ pids }: Processes): Record<string, number> =>
  Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, cpuUs(pid)]));

/** What was used between two looks, in microseconds, divided by `by`. */
export const usedPer = (by: number, before: Record<string, number>, after: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(after).map(([name, us]) => [name, Math.round((us - (before[name] ?? 0)) / Math.max(by, 1))]));

export const sumOf = (values: Record<string, number>): number => Object.values(values).reduce((sum, value) => sum + value, 0);

const MIB_IN_KIB = 1024;

/** MiB of memory of each process: its proportional share of what it has in common with others (PSS), or all of it (RSS) where that is hidden. */
export const memoryOf = ({ pids }: Processes): Record<string, number> =>
  Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, Math.round(memoryKiB(pid) / MIB_IN_KIB)]));

const memoryKiB = (pid: number): number => {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]);
  } catch {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]); // another user's process
  }
};

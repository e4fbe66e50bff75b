import { readFileSync } from 'node:fs';
import type { ClusterFile } from '@jumun/local';

/** `/proc/<pid>/stat` counts in ticks of 10 ms on every Linux that Node runs on. */
const TICK_US = 10_000;

const processesOf = ({ services, mysql, redis, kafka }: ClusterFile): [string, number | undefined][] => [
  ...Object.entries(services).map(([name, { pid }]): [string, number | undefined] => [name, pid]),
  ['mysql', mysql.pid],
  ['redis', redis.pid],
  ['kafka', kafka.pid],
];

const cpuUs = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
};

/** Microseconds of CPU that each process of the cluster has used since it began. What runs in a container has no pid here, and is left out. */
export const cpuOf = (cluster: ClusterFile): Record<string, number> =>
  Object.fromEntries(processesOf(cluster).flatMap(([name, pid]) => (pid === undefined ? [] : [[name, cpuUs(pid)]])));

/** What was used between two looks, per order. */
export const perOrder = (before: Record<string, number>, after: Record<string, number>, orders: number): Record<string, number> =>
  Object.fromEntries(Object.entries(after).map(([name, us]) => [name, Math.round((us - (before[name] ?? 0)) / Math.max(orders, 1))]));

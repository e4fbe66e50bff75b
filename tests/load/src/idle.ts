import { setTimeout as pause } from 'node:timers/promises';
import { localDir, readRecord } from '@jumun/local';
import { cpuOf, memoryOf, processesOf, sayUnseen, sumOf, usedPer } from './processes.ts';
import { untilRest } from './rest.ts';
import { keepFigures, lookAround } from './stage.ts';

/** A microsecond a second is a ten-thousandth of a percent of one core. */
const US_PER_SECOND_PER_PERCENT = 10_000;

/** What a cluster takes while nobody wants anything of it: percent of one core and MiB, of all of its processes and their supervisor. */
export const benchIdle = async (seconds: number): Promise<void> => {
  const { cluster, calibration } = lookAround();
  await untilRest();
  const { pids, unseen } = processesOf(cluster);
  const supervisor = readRecord(localDir)?.supervisor.pid;
  const processes = { pids: supervisor === undefined ? pids : { ...pids, supervisor }, unseen };
  console.log(`watching ${Object.keys(processes.pids).length} processes for ${seconds} s …`);

  const before = cpuOf(processes);
  const begun = performance.now();
  await pause(seconds * 1_000);
  const tookSeconds = (performance.now() - begun) / 1_000;
  const after = cpuOf(processes);
  const percent = (us: number): number => Math.round((us / tookSeconds / US_PER_SECOND_PER_PERCENT) * 100) / 100;
  const used = usedPer(1, before, after);
  const cpuPercentOfCore = Object.fromEntries(Object.entries(used).map(([name, us]) => [name, percent(us)]));
  const memoryMiB = memoryOf(processes);

  for (const name of Object.keys(processes.pids))
    console.log(
      `${name.padEnd(22)} ${(cpuPercentOfCore[name] ?? 0).toFixed(2).padStart(6)} % of a core  ${String(memoryMiB[name]).padStart(5)} MiB`,
    );
  const all = { cpuPercentOfCore: percent(sumOf(used)), memoryMiB: sumOf(memoryMiB) };
  console.log(`${'all'.padEnd(22)} ${all.cpuPercentOfCore.toFixed(2).padStart(6)} % of a core  ${String(all.memoryMiB).padStart(5)} MiB`);
  sayUnseen(unseen);
  keepFigures('idle', { calibration, seconds, all, cpuPercentOfCore, memoryMiB, notCounted: unseen });
};

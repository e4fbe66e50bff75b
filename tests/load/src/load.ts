import type { Generator, Request, Shot } from './generator.ts';
import { calibrateMeanwhile } from './calibration.ts';
import { latencyOf, sayLatency } from './latency.ts';
import { cpuOf, type Processes, sayUnseen, sumOf, usedPer } from './processes.ts';
import { tally } from './tally.ts';

/** How orders are sent, and for how long. */
export interface Load {
  /** Orders a second, or as many as go through. */
  readonly rate: number | 'max';
  readonly seconds: number;
  /** Orders under way at once, where as many go through as can. */
  readonly inFlight: number;
}

/** More than goes through at the limit. */
const RATE_MAX = 4_000;

/** So many orders a load is made of, at most. */
export const ordersOf = ({ rate, seconds }: Load): number => (rate === 'max' ? RATE_MAX : rate) * seconds;

/** Who is measured, and what is sent to them. */
export interface Subject {
  readonly processes: Processes;
  readonly generator: Generator;
  readonly request: () => Request;
  /** Waits until all that was accepted has ended. Answers how much has not. */
  readonly untilRest: () => Promise<number>;
}

const loopOf = ({ rate, inFlight }: Load) =>
  rate === 'max'
    ? { kind: 'closed', inFlight, text: `closed loop: ${inFlight} orders in flight, each answer sends the next` }
    : { kind: 'open', text: `open loop: ${rate} orders/s, sent at their moment whatever comes back` };

interface Run {
  readonly tookSeconds: number;
  /** From the last answer until all that was accepted had ended, or was given up. */
  readonly restedAfterS: number;
  readonly unfinished: number;
}

/** The p99 of each tenth of the load, in milliseconds: whether it was slow all the time, at its beginning, or once. */
const p99ByTenth = (shots: readonly Shot[]): number[] =>
  Array.from({ length: 10 }, (_, tenth) => {
    const from = Math.floor((shots.length * tenth) / 10);
    return latencyOf(shots.slice(from, Math.floor((shots.length * (tenth + 1)) / 10)).map(({ ms }) => ms)).p99;
  });

const figuresOf = (shots: readonly Shot[], { tookSeconds, restedAfterS, unfinished }: Run) => {
  const answers = tally(shots);
  const completed = answers['201'] ?? 0;
  const ended = completed + (answers['202'] ?? 0) - unfinished;
  return {
    orders: shots.length,
    completed,
    completedPerSecond: Math.round(completed / tookSeconds),
    ended,
    endedPerSecond: Math.round(ended / (tookSeconds + restedAfterS)),
    answers,
    unfinished,
    tookSeconds: Math.round(tookSeconds * 10) / 10,
    restedAfterS: Math.round(restedAfterS * 10) / 10,
    latencyMs: latencyOf(shots.map(({ ms }) => ms)),
    p99MsByTenth: p99ByTenth(shots),
  };
};

type Figures = ReturnType<typeof figuresOf>;

const sayOrders = ({ orders, completed, completedPerSecond, ended, endedPerSecond, answers, unfinished, ...rest }: Figures): void => {
  console.log(`${completed} of ${orders} orders completed in ${rest.tookSeconds.toFixed(1)} s: ${completedPerSecond} orders/s`);
  if (completed < orders) console.log(`answers: ${JSON.stringify(answers)}`);
  if (answers['202'] !== undefined)
    console.log(`with those that were accepted and not waited for (202), ${ended} had ended by then: ${endedPerSecond} orders/s`);
  if (unfinished > 0) console.log(`${unfinished} orders had not ended ${rest.restedAfterS.toFixed(0)} s later`);
};

/** Places orders, and says what became of them, how long they took and what they cost. Answers the figures. */
export const place = async (load: Load, { processes, generator, request, untilRest }: Subject) => {
  const { rate, seconds, inFlight } = load;
  const loop = loopOf(load);
  console.log(`${loop.text}, for ${seconds} s`);

  const cpuBefore = cpuOf(processes);
  const ownBefore = process.cpuUsage();
  const jsonMeanwhile = calibrateMeanwhile();
  const begun = performance.now();
  const shots = rate === 'max' ? await generator.closed(inFlight, seconds, request) : await generator.open(rate, seconds, request);
  const tookSeconds = (performance.now() - begun) / 1_000;
  const own = process.cpuUsage(ownBefore);
  const jsonMs = jsonMeanwhile();
  // What was answered is not all that was to be done: the last orders' events are still sent, and a 202 only promises.
  const unfinished = await untilRest();
  const restedAfterS = (performance.now() - begun) / 1_000 - tookSeconds;
  const cpu = usedPer(shots.length, cpuBefore, cpuOf(processes));
  await generator.close();

  const figures = figuresOf(shots, { tookSeconds, restedAfterS, unfinished });
  const generatorUsPerOrder = Math.round((own.user + own.system) / shots.length);
  sayOrders(figures);
  sayLatency(rate === 'max' ? 'latency' : 'latency from the intended moment', figures.latencyMs);
  console.log(`p99 of each tenth of it: ${figures.p99MsByTenth.map((ms) => Math.round(ms)).join(', ')} ms`);
  const parts = Object.entries(cpu).map(([name, us]) => `${name} ${us}`);
  console.log(
    `CPU per order, until all had ended (${restedAfterS.toFixed(1)} s after the last answer): ${sumOf(cpu)} µs, of which ${parts.join(', ')} (the generator's own ${generatorUsPerOrder} µs besides); JSON meanwhile ${jsonMs} ms`,
  );
  sayUnseen(processes.unseen);
  const cpuUsPerOrder = { ...cpu, all: sumOf(cpu) };
  return { loop, rate, seconds, jsonMsMeanwhile: jsonMs, ...figures, cpuUsPerOrder, cpuNotCounted: processes.unseen, generatorUsPerOrder };
};

import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';

/** What this machine is worth, so that figures of different machines and hours can be compared. */
export interface Calibration {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly node: string;
  /** Milliseconds of one core for hashing 64 MiB with SHA-256: the median of five. */
  readonly sha256Ms: number;
  /** Milliseconds of one core for writing and reading 20,000 small objects as JSON: the median of five. */
  readonly jsonMs: number;
  /** Milliseconds for making 4 KiB durable on the disk of the checkout: the median of twenty. */
  readonly fsyncMs: number;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >>> 1] ?? 0;

const timed = (times: number, work: () => void): number =>
  median(
    Array.from({ length: times }, () => {
      const begun = performance.now();
      work();
      return performance.now() - begun;
    }),
  );

const MEBIBYTE = Buffer.alloc(1024 * 1024, 'jumun');
const ORDER = { id: '01975b3e', items: [{ productId: 'a', quantity: 2, unitPrice: 1_000 }], total: 2_000, status: 'COMPLETED' };

const hash64MiB = (): void => {
  const hash = createHash('sha256');
  for (let i = 0; i < 64; i += 1) hash.update(MEBIBYTE);
  hash.digest();
};

const OBJECTS = 20_000;
const json = (objects: number): void => {
  for (let i = 0; i < objects; i += 1) JSON.parse(JSON.stringify(ORDER));
};

/** `dir` lies on the disk that the databases use. */
export const calibrate = (dir: string): Calibration => {
  const folder = mkdtempSync(join(dir, 'calibration-'));
  const file = openSync(join(folder, 'fsync'), 'w');
  try {
    return {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      memoryGiB: Math.round(totalmem() / 1024 ** 3),
      node: process.version,
      sha256Ms: timed(5, hash64MiB),
      jsonMs: timed(5, () => json(OBJECTS)),
      fsyncMs: timed(20, () => {
        writeSync(file, MEBIBYTE, 0, 4_096, 0);
        fsyncSync(file);
      }),
    };
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true });
  }
};

export const describeCalibration = ({ cpu, cores, memoryGiB, node, sha256Ms, jsonMs, fsyncMs }: Calibration): string =>
  `machine: ${cpu}, ${cores} cores, ${memoryGiB} GiB, Node ${node}; calibration: SHA-256 of 64 MiB ${sha256Ms.toFixed(0)} ms, JSON ${jsonMs.toFixed(0)} ms, fsync ${fsyncMs.toFixed(2)} ms`;

const SAMPLE_EVERY_MS = 250;
const SAMPLES_A_WHOLE = 20;

/**
 * What the machine is worth while it works: a part of the same JSON four times a second, counted as CPU and not as time, so that whoever else
 * runs on the cores does not count, and how fast they run does. Answers at its end the median, in milliseconds of one core, comparable with `jsonMs`.
 */
export const calibrateMeanwhile = (): (() => number) => {
  const samples: number[] = [];
  const timer = setInterval(() => {
    const before = process.cpuUsage();
    json(OBJECTS / SAMPLES_A_WHOLE);
    const used = process.cpuUsage(before);
    samples.push(((used.user + used.system) * SAMPLES_A_WHOLE) / 1_000);
  }, SAMPLE_EVERY_MS);
  return () => {
    clearInterval(timer);
    return Math.round(median(samples) * 10) / 10;
  };
};

/** Milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** Percentiles of all values, none left out. Sorts the given array. */
export const latencyOf = (values: number[]): Latency => {
  values.sort((a, b) => a - b);
  const at = (share: number): number => Math.round((values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0) * 10) / 10;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
};

export const sayLatency = (what: string, { p50, p90, p99, max }: Latency): void =>
  console.log(`${what}: p50 ${p50} ms, p90 ${p90} ms, p99 ${p99} ms, max ${max} ms`);

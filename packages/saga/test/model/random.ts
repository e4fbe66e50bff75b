/** A seeded generator (mulberry32): the same seed gives the same run, on every machine. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  chance(probability: number): boolean;
  /** An integer in [from, to]. */
  between(from: number, to: number): number;
}

export const randomOf = (seed: number): Random => {
  let state = seed | 0; // 32 bits with a sign: V8 keeps those without a box
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    next,
    chance: (probability) => probability > 0 && next() < probability,
    between: (from, to) => from + Math.floor(next() * (to - from + 1)),
  };
};

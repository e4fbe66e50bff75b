import type { Shot } from './generator.ts';

/** How often each status and code was answered: `{ '201': 990, '202': 10 }`. */
export const tally = (shots: readonly Shot[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { status, code } of shots) {
    const name = code === undefined ? String(status) : `${status} ${code}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
};

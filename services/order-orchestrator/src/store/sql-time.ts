/** `DATETIME(3)` as SQL reads it, in UTC. */
export const sqlTime = (ms: number): string => new Date(ms).toISOString().replace('T', ' ').slice(0, -1);

import { mkdirSync, readdirSync, readFileSync, unlinkSync, watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { TransientError } from './errors.ts';

/** What an armed `throw` throws: transient, since it stands for a failure that a retry heals. */
export class FaultPointError extends TransientError {
  override readonly name = 'FaultPointError';
}

export type Fault = { act: 'kill' | 'throw'; atHit: number } | { act: 'stall'; ms: number; atHit: number };

/** `kill` | `throw` | `stall <ms>`, each with an optional `@N` (at the Nth hit); undefined for anything else. */
export const parseFault = (text: string): Fault | undefined => {
  const match = /^(?:(kill|throw)|stall\s+(\d+))\s*(?:@(\d+))?$/.exec(text.trim());
  if (match === null) return undefined;
  const [, act, ms, hit] = match;
  const atHit = Number(hit ?? 1);
  return ms === undefined ? { act: act as 'kill' | 'throw', atHit } : { act: 'stall', ms: Number(ms), atHit };
};

type Hit = (name: string) => Promise<void> | void;

const readOrUndefined = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // another process won it
  }
};

/** True for the one process that removes the file; all others have lost the race and go on. */
const won = (path: string): boolean => {
  try {
    unlinkSync(path);
    return true;
  } catch {
    return false;
  }
};

const perform = (fault: Fault, name: string): Promise<void> | void => {
  switch (fault.act) {
    case 'kill':
      process.kill(process.pid, 'SIGKILL');
      // The signal may take a moment; not one more statement may run until then.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      return;
    case 'throw':
      throw new FaultPointError(`fault point ${name}`);
    case 'stall':
      return wait(fault.ms);
  }
};

/** The fault points of one folder. Armed names are known from watching it, so a hit that is not armed costs a look-up in a Set. */
export const openFaultPoints = (dir: string): { hit: Hit; close(): void } => {
  mkdirSync(dir, { recursive: true });
  let armed = new Set<string>();
  const look = (): void => void (armed = new Set(readdirSync(dir)));
  const watcher = watch(dir, { persistent: false }, look);
  look(); // after the watch has begun: what is armed in between would be seen by nobody
  // Without its folder nothing can be armed any more; but a process need not die of that.
  watcher.on('error', () => watcher.close());
  const hits = new Map<string, number>();

  const hit: Hit = (name) => {
    const file = name.replaceAll(':', '_');
    if (!armed.has(file)) return;
    const path = join(dir, file);
    const fault = parseFault(readOrUndefined(path) ?? '');
    if (fault === undefined) return;
    const count = (hits.get(file) ?? 0) + 1;
    hits.set(file, count);
    if (count < fault.atHit || !won(path)) return;
    hits.delete(file);
    armed.delete(file);
    return perform(fault, name);
  };
  return { hit, close: () => watcher.close() };
};

const dir = process.env['FAULT_POINTS_DIR'];

/**
 * A named place at which tests make this process die, fail or stall: `await faultPoint('inbox:committed-not-answered')`.
 * Nothing unless FAULT_POINTS_DIR is set. Then a file `<dir>/<name with : as _>` arms the point; the process that unlinks it acts, once.
 */
export const faultPoint: Hit = dir ? openFaultPoints(dir).hit : () => {};

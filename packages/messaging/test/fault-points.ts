import { existsSync, type FSWatcher, mkdtempSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Read once by the kit when it is loaded, so this module stands before all other imports.
const dir = mkdtempSync(join(tmpdir(), 'jumun-faults-'));
process.env['FAULT_POINTS_DIR'] = dir;

const fileOf = (name: string): string => join(dir, name.replaceAll(':', '_'));

let watcher: FSWatcher | undefined;

/**
 * The next hit of the point throws, as a failure that a retry heals. Resolves when the kit has seen it: it watches the folder too, and
 * those who began to watch first are told first.
 */
export const arm = async (name: string, act = 'throw'): Promise<void> => {
  watcher ??= watch(dir, { persistent: false });
  const { promise, resolve } = Promise.withResolvers<void>();
  watcher.once('change', () => resolve());
  writeFileSync(fileOf(name), act);
  await promise;
};

/** Whether an armed point was hit. */
export const wasHit = (name: string): boolean => !existsSync(fileOf(name));

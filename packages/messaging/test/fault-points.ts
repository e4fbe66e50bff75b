import { mkdtempSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Read once by the kit when it is loaded, so this module stands before all other imports.
const dir = mkdtempSync(join(tmpdir(), 'jumun-faults-'));
process.env['FAULT_POINTS_DIR'] = dir;

const fileOf = (name: string): string => join(dir, name.replaceAll(':', '_'));

/** The next hit of the point throws, as a failure that a retry heals. */
export const arm = (name: string, act = 'throw'): void => writeFileSync(fileOf(name), act);

/** Whether an armed point was hit. */
export const wasHit = (name: string): boolean => !existsSync(fileOf(name));

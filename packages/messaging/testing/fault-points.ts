import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// To be imported before anything else: service-kit reads the variable when it is loaded.
const dir = (process.env['FAULT_POINTS_DIR'] = mkdtempSync(join(tmpdir(), 'jumun-faults-')));

export const faultFile = (name: string): string => join(dir, name.replaceAll(':', '_'));

/** Arms a fault point; waits a moment, since armed names are known by watching the folder. */
export const arm = async (name: string, fault: string): Promise<void> => {
  writeFileSync(faultFile(name), fault);
  await new Promise((resolve) => setTimeout(resolve, 50));
};

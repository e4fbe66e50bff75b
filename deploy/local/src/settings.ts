import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { localDir } from './paths.ts';
import { writeWhole } from './run-record.ts';

/** What a second start does as the first one did: its data lies in these servers, its users know these ports. */
export interface KeptSettings {
  portBase?: number;
  infra?: 'native' | 'docker';
}

const file = join(localDir, 'settings.json');

export const keptSettings = (): KeptSettings => (existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as KeptSettings) : {});

export const keepSettings = (settings: KeptSettings): void => writeWhole(file, settings);

import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import { writeWhole } from '../run-record.ts';

/** Written last when a data folder is made: without it, the making was interrupted. */
const markerName = 'jumun.json';

export interface DataFolderMark {
  server: string;
  version: string;
  [key: string]: string;
}

/**
 * Opens a server's data folder, or makes it with `initialize`. A folder that was left half written, or was written by another
 * major version, is explained and never touched: what is in it may be wanted.
 */
export const openDataFolder = async (
  folder: string,
  { server, version }: { server: string; version: string },
  initialize: () => Promise<Record<string, string>>,
): Promise<DataFolderMark> => {
  const marker = join(folder, markerName);
  if (existsSync(marker)) {
    const mark = readMark(marker);
    if (mark === undefined) {
      throw new Failure(
        `${marker}, which says what the folder is, cannot be read.`,
        `Put the file back, or, if you do not need the data, remove the folder: rm -r '${folder}'`,
      );
    }
    if (mark.server !== server || release(mark.version) !== release(version)) {
      throw new Failure(
        `${folder} was written by ${mark.server} ${mark.version}; installed is ${server} ${version}.`,
        `Install ${mark.server} ${release(mark.version)} again, or, if you do not need the data, remove it: rm -r '${folder}'`,
      );
    }
    return mark;
  }
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new Failure(
      `${folder} is half written: the first start of ${server} was interrupted while it made the folder.`,
      `There is no finished data in it. Remove it and start again: rm -r '${folder}'`,
    );
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const mark = { server, version, ...(await initialize()) };
  writeWhole(marker, mark);
  return mark;
};

const readMark = (marker: string): DataFolderMark | undefined => {
  try {
    const mark = JSON.parse(readFileSync(marker, 'utf8')) as Partial<DataFolderMark>;
    return typeof mark.server === 'string' && typeof mark.version === 'string' ? (mark as DataFolderMark) : undefined;
  } catch {
    return undefined; // no JSON, or null
  }
};

/** Data of another patch release is fine; of another minor release it may not be. */
const release = (version: string): string => version.split('.').slice(0, 2).join('.');

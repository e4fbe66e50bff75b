import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Servers often live where an ordinary user's PATH does not look. */
const alsoIn = [
  '/usr/sbin',
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/libexec',
  '/opt/homebrew/bin',
  '/usr/local/mysql/bin',
  '/opt/homebrew/opt/mariadb/bin',
];

/** The full path of the first of these programs that is installed. */
export const findBinary = (...names: string[]): string | undefined => {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...alsoIn].filter((folder) => folder !== '');
  for (const name of names) {
    for (const folder of folders) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {
        // the next one
      }
    }
  }
  return undefined;
};

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout this file belongs to. */
export const rootDir = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

/** The only folder that the local cluster writes to. */
export const localDir = join(rootDir, '.local');

/** Node 24 from the dependencies, whatever Node the machine has. */
export const nodeBinary = join(rootDir, 'node_modules', '.bin', 'node');

/** Eight characters that tell this folder from every other one: names of containers and sockets are made with it. */
export const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);

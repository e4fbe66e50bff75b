import { join } from 'node:path';
import { rootDir } from '../paths.ts';
import { runScript } from './script.ts';

const bench = (args: string[]): Promise<number> => runScript(join(rootDir, 'tests/load/src/bench.ts'), args);

export default bench;

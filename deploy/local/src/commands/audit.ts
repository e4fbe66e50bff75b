import { join } from 'node:path';
import { serviceDir } from '../services.ts';
import { runScript } from './script.ts';

const audit = (args: string[]): Promise<number> =>
  runScript(join(serviceDir('auditor'), 'dist', 'main.js'), args, ['--enable-source-maps']);

export default audit;

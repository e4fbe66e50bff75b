import { join } from 'node:path';
import { readClusterFile, type ClusterFile } from '../cluster-file.ts';
import { localDir } from '../paths.ts';
import { schemas, serviceDir } from '../services.ts';
import { runScript } from './script.ts';

/** Runs the auditor on the running cluster, with the account that can only read. Its options are its own: `npm run audit -- --help`. */
const audit = (args: string[]): Promise<number> => {
  const wantsHelp = args.includes('--help');
  const env = wantsHelp ? process.env : { ...process.env, ...auditorEnvironment(readClusterFile(localDir)) };
  return runScript(join(serviceDir('auditor'), 'dist', 'main.js'), args, { env, nodeArgs: ['--enable-source-maps'] });
};

export default audit;

/** `WALLET_DATABASE_URL` and so on: one for each schema. */
export const auditorEnvironment = ({ mysql: { host, port, user, password } }: Pick<ClusterFile, 'mysql'>): Record<string, string> =>
  Object.fromEntries(
    schemas.map((schema) => [`${schema.toUpperCase()}_DATABASE_URL`, `mysql://${user}:${password}@${host}:${port}/${schema}`]),
  );

import { join } from 'node:path';
import { readClusterFile, type ClusterFile } from '../cluster-file.ts';
import { Failure } from '../failure.ts';
import { localDir } from '../paths.ts';
import { schemas, serviceDir } from '../services.ts';
import { runScript } from './script.ts';

/** The auditor's own exit code for it: 1 would say that the books do not agree. */
const COULD_NOT_LOOK = 2;

/**
 * Runs the auditor on the running cluster, with the account that can only read. Its options and exit codes are its own:
 * `npm run audit -- --help`.
 */
const audit = async (args: string[]): Promise<number> => {
  let env = process.env;
  try {
    if (!args.includes('--help')) env = { ...env, ...auditorEnvironment(readClusterFile(localDir)) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(`\n✘ ${String(error)}`);
    return COULD_NOT_LOOK;
  }
  return runScript(join(serviceDir('auditor'), 'dist', 'main.js'), args, { env, nodeArgs: ['--enable-source-maps'] });
};

export default audit;

/** `WALLET_DATABASE_URL` and so on: one for each schema. */
export const auditorEnvironment = ({ mysql: { host, port, user, password } }: Pick<ClusterFile, 'mysql'>): Record<string, string> =>
  Object.fromEntries(
    schemas.map((schema) => [`${schema.toUpperCase()}_DATABASE_URL`, `mysql://${user}:${password}@${host}:${port}/${schema}`]),
  );

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { auditorEnvironment, type Cluster, describeCluster, nodeBinary, rootDir } from '@jumun/local';

export interface AuditReport {
  readonly ok: boolean;
  readonly checks: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly violations: readonly { id: string; message: string }[];
    readonly couldNotLook?: string;
  }[];
}

/** Asks the auditor about a cluster of a test. `strict` says that nothing is under way. */
export const auditOf = (cluster: Cluster, { strict = true } = {}): Promise<AuditReport> =>
  new Promise((resolve, reject) => {
    const { NODE_OPTIONS: _jest, ...env } = process.env;
    const script = join(rootDir, 'services', 'auditor', 'dist', 'main.js');
    const auditor = spawn(nodeBinary, [script, '--json', ...(strict ? ['--strict'] : [])], {
      env: { ...env, ...auditorEnvironment(describeCluster(cluster)) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    auditor.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    auditor.once('error', reject);
    auditor.once('close', () => {
      try {
        resolve(JSON.parse(output) as AuditReport);
      } catch {
        reject(new Error(`the auditor said no report: ${output}`));
      }
    });
  });

/** What contradicts the books or could not be looked at, in lines; empty when they agree. */
export const violationsOf = async (cluster: Cluster, options?: { strict: boolean }): Promise<string[]> =>
  (await auditOf(cluster, options)).checks.flatMap(({ name, violations, couldNotLook }) => [
    ...violations.map(({ id, message }) => `${name}: ${id}: ${message}`),
    ...(couldNotLook === undefined ? [] : [`${name}: ${couldNotLook}`]),
  ]);

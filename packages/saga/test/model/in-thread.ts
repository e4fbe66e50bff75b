import { Worker } from 'node:worker_threads';

/**
 * Runs a script of this folder in a thread, outside of the sandbox in which jest runs a spec: the same simulation takes half the time there.
 * The script gets `data` as `workerData` and posts one result.
 */
export const inThread = <T>(script: string, data?: unknown): Promise<T> =>
  new Promise((resolve, reject) => {
    const thread = new Worker(new URL(script, import.meta.url), { workerData: data, execArgv: ['--no-warnings'] });
    thread.unref(); // one that never ends keeps nobody
    thread.once('message', resolve);
    thread.once('error', reject);
    thread.once('exit', (code) => reject(new Error(`${script} has ended with ${code} and without a result`)));
  });

import { removeClusterFile } from '../cluster-file.ts';
import { stopContainers } from '../infra/docker.ts';
import { removeAbandoned } from '../infra/temporary-folder.ts';
import { readOptions } from '../options.ts';
import { localDir } from '../paths.ts';
import { isRunning, signal } from '../process-ref.ts';
import { printedProgress } from '../progress.ts';
import { endLeftOvers, readRecord } from '../run-record.ts';
import { Failure } from '../failure.ts';

const help = `npm stop     ends exactly what npm start started in this checkout; the data stays in .local/`;

/** Longer than a supervisor needs in the worst case: services drain for 15 s, the database flushes for 30. */
const SUPERVISOR_ENDS_WITHIN_MS = 90_000;

const stop = async (args: string[]): Promise<number> => {
  if (readOptions(args, help, {}) === undefined) return 0;
  const record = readRecord(localDir);
  if (record === undefined) {
    removeClusterFile(localDir); // of a supervisor that was killed; nobody shall go to its addresses
    console.log('Nothing is running.');
    return 0;
  }
  await printedProgress().step('stopped', async (note) => {
    const supervised = signal(record.supervisor, 'SIGTERM');
    if (supervised) {
      for (
        const deadline = Date.now() + SUPERVISOR_ENDS_WITHIN_MS;
        isRunning(record.supervisor);
        await new Promise((resolve) => setTimeout(resolve, 50))
      ) {
        if (Date.now() > deadline)
          throw new Failure(
            `The supervisor (pid ${record.supervisor.pid}) does not end.`,
            `See .local/logs/supervisor.log; then: kill -9 ${record.supervisor.pid} && npm stop`,
          );
      }
    }
    const ended = await endLeftOvers(localDir);
    removeAbandoned();
    if (record.kind === 'docker' && !supervised) await stopContainers(localDir);
    if (ended.length > 0) note(`left over from a supervisor that is gone: ${ended.join(', ')}`);
  });
  removeClusterFile(localDir);
  return 0;
};

export default stop;

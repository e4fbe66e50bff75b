import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure } from '../failure.ts';
import { untilReady } from '../foreground.ts';
import { readOptions, wholeNumber } from '../options.ts';
import { localDir, nodeBinary } from '../paths.ts';
import { INSTANCES_MAX, PORT_BASE_DEFAULT, PORT_SPAN } from '../port-plan.ts';
import { isRunning } from '../process-ref.ts';
import { readRecord, refuseIfRunning } from '../run-record.ts';
import { readClusterFile } from '../cluster-file.ts';
import { superviseCluster, type StartOptions } from '../supervisor.ts';
import { summary } from '../summary.ts';

const help = `npm start [-- options]     starts Jumun and stays until Ctrl-C
  --detach         returns when it is ready; end it by: npm stop
  --port-base N    the first of its ${PORT_SPAN} ports (the gateway's); default ${PORT_BASE_DEFAULT}, or the next free ones
  --instances N    of each service, 1 to ${INSTANCES_MAX}
  --native         MySQL, Redis and Kafka as child processes
  --docker         MySQL, Redis and Kafka as containers (the default where a Docker engine answers)`;

const start = async (args: string[]): Promise<number> => {
  const read = readOptions(args, help, {
    detach: { type: 'boolean' },
    native: { type: 'boolean' },
    docker: { type: 'boolean' },
    'port-base': { type: 'string' },
    instances: { type: 'string' },
    supervisor: { type: 'boolean' }, // this is the process that --detach left behind
  });
  if (read === undefined) return 0;
  const { values } = read;
  if (values.native && values.docker) throw new Failure('--native and --docker exclude each other.', help);
  const options: StartOptions = {
    portBase: wholeNumber('port-base', values['port-base'], { min: 1024, max: 65_535 - PORT_SPAN }),
    instances: wholeNumber('instances', values.instances, { min: 1, max: INSTANCES_MAX }),
    infra: values.native ? 'native' : values.docker ? 'docker' : undefined,
  };
  const record = readRecord(localDir);
  if (record?.state === 'ready' && isRunning(record.supervisor)) {
    console.log(
      `${summary(readClusterFile(localDir))}\n\nIt is running already, since ${record.startedAt} (pid ${record.supervisor.pid}). To end it: npm stop`,
    );
    return 0;
  }
  refuseIfRunning(localDir); // before its log is begun anew
  return values.detach ? detach(args.filter((arg) => arg !== '--detach')) : superviseCluster(options);
};

export default start;

/** Starts the supervisor as a process of its own, shows what it says until it is ready, and leaves it alone. */
const detach = async (args: string[]): Promise<number> => {
  const file = join(localDir, 'logs', 'supervisor.log');
  mkdirSync(join(localDir, 'logs'), { recursive: true });
  const log = openSync(file, 'w');
  const cli = fileURLToPath(new URL('../cli.ts', import.meta.url));
  const supervisor = spawn(nodeBinary, ['--no-warnings', cli, 'start', ...args, '--supervisor'], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  const show = follower(file);
  const showing = setInterval(show, 100);
  const outcome = await untilReady(supervisor);
  clearInterval(showing);
  show();
  if (outcome !== 'ready') return outcome === 0 ? 1 : outcome;
  supervisor.disconnect();
  supervisor.unref();
  return 0;
};

/** Each call prints what has been added to the file since the last one. */
const follower = (file: string): (() => void) => {
  let position = 0;
  return () => {
    if (!existsSync(file)) return;
    const handle = openSync(file, 'r');
    const chunk = Buffer.alloc(65_536);
    for (let length; (length = readSync(handle, chunk, 0, chunk.length, position)) > 0; position += length)
      process.stdout.write(chunk.subarray(0, length));
    closeSync(handle);
  };
};

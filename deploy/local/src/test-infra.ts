import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure } from './failure.ts';
import type { InfraConnection } from './infra/connection.ts';
import { stopContainers } from './infra/docker.ts';
import { infraKind, startInfrastructure } from './infra/start.ts';
import { tail } from './managed-process.ts';
import { localDir, nodeBinary } from './paths.ts';
import { isRunning, refOf, terminate, type ProcessRef } from './process-ref.ts';
import { endLeftOvers, openRecord, readRecord, writeWhole } from './run-record.ts';

// MySQL, Redis and Kafka for tests. One process, the holder, starts them as its children and ends them when it ends:
//   node deploy/local/src/test-infra.ts up      one that stays, for several test runs; its file is .local/test/infra.json
//   node deploy/local/src/test-infra.ts down
// A jest run uses the one that stays, or starts a holder of its own whose life hangs on a pipe: when jest is gone, so are the servers.

/** What a holder writes when its servers answer; `JUMUN_TEST_INFRA` names such a file. */
export interface TestInfraFile extends InfraConnection {
  kind: 'native' | 'docker';
  holder: ProcessRef;
  /** Of those that are processes of this machine. */
  pids: Record<'mysql' | 'redis' | 'kafka', number | undefined>;
}

const testDir = join(localDir, 'test');
const sharedFile = join(testDir, 'infra.json');
const START_WITHIN_MS = 300_000; // the first one may have to fetch Kafka

const readInfra = (file: string): TestInfraFile | undefined =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as TestInfraFile) : undefined;

/** The file of the infrastructure that stays, if it is up. */
export const sharedTestInfra = (): string | undefined => (isRunning(readInfra(sharedFile)?.holder) ? sharedFile : undefined);

/** Starts a holder that ends with this process. Returns its file, what it says, and how to end it sooner. */
export const startTestInfra = async (): Promise<{ file: string; infra: TestInfraFile; stop(): Promise<void> }> => {
  const file = join(testDir, `infra-${process.pid}.json`);
  const holder = spawnHolder(file, 'pipe');
  const infra = await waitForFile(file, holder);
  return {
    file,
    infra,
    stop: async () => {
      if (holder.exitCode !== null || holder.signalCode !== null) return;
      const gone = new Promise((resolve) => holder.once('exit', resolve));
      holder.ref(); // from here on it is waited for
      holder.stdin?.end();
      await gone;
    },
  };
};

const spawnHolder = (file: string, stdin: 'pipe' | 'ignore'): ChildProcess => {
  mkdirSync(testDir, { recursive: true });
  const log = openSync(`${file}.log`, 'a');
  const holder = spawn(nodeBinary, [fileURLToPath(import.meta.url), 'hold', file, stdin], { detached: true, stdio: [stdin, log, log] });
  holder.unref();
  return holder;
};

const waitForFile = async (file: string, holder: ChildProcess): Promise<TestInfraFile> => {
  for (const deadline = Date.now() + START_WITHIN_MS; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const infra = readInfra(file);
    if (infra !== undefined && infra.holder.pid === holder.pid) return infra;
    if (holder.exitCode !== null || holder.signalCode !== null || Date.now() > deadline) {
      throw new Failure(`The servers for the tests did not start:\n${tail(`${file}.log`, 20)}`, 'Run: npm run doctor');
    }
  }
};

/** The holder: starts the servers in a fresh folder, tells where they are, and stays until it is asked to end. */
const hold = async (file: string, stdin: string): Promise<void> => {
  await sweep();
  const dir = join(testDir, `run-${process.pid}`);
  const record = await openRecord(dir, infraKind());
  const infra = await startInfrastructure({
    dir,
    ephemeral: true,
    supervision: { restart: true, onChange: ({ name, ref }) => record.set(name, ref) },
  });
  const { kind, mysql, redisUrl, kafkaBrokers, servers } = infra;
  const pids = { mysql: servers.mysql.pid, redis: servers.redis.pid, kafka: servers.kafka.pid };
  writeWhole(file, { kind, mysql, redisUrl, kafkaBrokers, holder: refOf(process.pid)!, pids } satisfies TestInfraFile);
  await new Promise<void>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve());
    if (stdin === 'pipe') process.stdin.resume().once('close', () => resolve());
    else setInterval(() => undefined, 1 << 30);
  });
  await infra.stop();
  for (const gone of [file, `${file}.log`, dir]) rmSync(gone, { recursive: true, force: true });
};

/** Ends what killed test runs left running, and removes their folders: nothing but a test's data is in them. */
const sweep = async (): Promise<void> => {
  for (const name of existsSync(testDir) ? readdirSync(testDir) : []) {
    const dir = join(testDir, name);
    const record = statSync(dir, { throwIfNoEntry: false })?.isDirectory() ? readRecord(dir) : undefined;
    if (record === undefined || isRunning(record.supervisor)) continue;
    await endLeftOvers(dir);
    if (record.kind === 'docker') await stopContainers(dir, { remove: true });
    rmSync(dir, { recursive: true, force: true });
  }
};

const up = async (): Promise<void> => {
  const running = sharedTestInfra();
  if (running === undefined) {
    const holder = spawnHolder(sharedFile, 'ignore');
    await waitForFile(sharedFile, holder);
  }
  console.log(sharedFile);
};

const down = async (): Promise<void> => {
  const holder = readInfra(sharedFile)?.holder;
  console.log(`test infrastructure: ${await terminate(holder, { graceMs: 60_000 })}`);
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [command, file, stdin] = process.argv.slice(2);
  try {
    if (command === 'up') await up();
    else if (command === 'down') await down();
    else if (command === 'hold' && file !== undefined) {
      await hold(file, stdin ?? 'ignore');
      process.exit(0);
    } else throw new Failure(`Unknown command ${command}.`, 'One of: up, down');
  } catch (error) {
    console.error(error instanceof Failure ? String(error) : error);
    process.exit(1);
  }
}

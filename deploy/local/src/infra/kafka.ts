import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import { ManagedProcess, type Supervision } from '../managed-process.ts';
import { localDir, rootDir } from '../paths.ts';
import { findBinary } from './binaries.ts';
import { host } from './connection.ts';
import { openDataFolder } from './data-folder.ts';
import { kafkaLibs } from './kafka-libs.ts';
import { brokerAnswers } from './kafka-probe.ts';
import { run } from './run.ts';

const version = '4.1.1';

/** Apache Kafka, one KRaft node that is broker and controller, on a JVM of 384 MB at most. */
export const nativeKafka = async (
  { dir, port, controllerPort, logDir }: { dir: string; port: number; controllerPort: number; logDir: string },
  supervision: Supervision,
): Promise<ManagedProcess> => {
  const java = findBinary('java');
  if (java === undefined)
    throw new Failure('There is no java, which runs Kafka.', 'On Debian or Ubuntu: apt-get install -y openjdk-17-jre-headless');
  const classpath = join(await kafkaLibs(), '*');
  const folder = join(dir, 'kafka');
  const config = join(folder, 'server.properties');
  await openDataFolder(folder, { server: 'kafka', version }, async () => {
    writeConfig(config, { folder, port, controllerPort });
    const clusterId = randomBytes(16).toString('base64url');
    const { code, output } = await run(java, [
      ...jvmOptions(classpath, 'format'),
      'kafka.tools.StorageTool',
      'format',
      `--cluster-id=${clusterId}`, // one argument: an id may begin with a dash
      '-c',
      config,
    ]);
    if (code !== 0)
      throw new Failure(
        `Kafka could not format ${folder}:\n${output.trim().slice(-2000)}`,
        'Mend what it says, remove the folder and start again.',
      );
    return { clusterId };
  });
  writeConfig(config, { folder, port, controllerPort });
  return new ManagedProcess(
    {
      name: 'kafka',
      command: java,
      args: [...jvmOptions(classpath, 'broker'), 'kafka.Kafka', config],
      logFile: join(logDir, 'kafka.log'),
      isReady: () => brokerAnswers(port),
      readyWithinMs: 90_000,
      stopGraceMs: 20_000,
    },
    supervision,
  );
};

/** A broker with the ports of today: the same data folder may be started on other ports tomorrow. */
const writeConfig = (file: string, { folder, port, controllerPort }: { folder: string; port: number; controllerPort: number }): void => {
  mkdirSync(folder, { recursive: true });
  const own = [
    `listeners=PLAINTEXT://${host}:${port},CONTROLLER://${host}:${controllerPort}`,
    `advertised.listeners=PLAINTEXT://${host}:${port}`,
    `controller.quorum.voters=1@${host}:${controllerPort}`,
    `log.dirs=${join(folder, 'data')}`,
    '',
  ].join('\n');
  writeFileSync(`${file}.new`, `${readFileSync(join(rootDir, 'deploy/kafka/server.properties'), 'utf8')}\n${own}`);
  renameSync(`${file}.new`, file);
};

/** A broker in a container runs with the same; docker-compose.yml has them too. */
export const BROKER_HEAP = '-Xmx384m';
export const JVM_TUNING: readonly string[] = ['-XX:+UseSerialGC', '-Djava.awt.headless=true'];

const jvmOptions = (classpath: string, what: 'broker' | 'format'): string[] => [
  what === 'broker' ? BROKER_HEAP : '-Xmx128m',
  ...JVM_TUNING,
  ...classArchive(what),
  `-Dlog4j2.configurationFile=${join(rootDir, 'deploy/kafka/log4j2.yaml')}`,
  '-cp',
  classpath,
];

/**
 * An archive of loaded classes halves the start. The JVM writes it when a run ends in order, and silently ignores one that does not fit
 * (another JVM, other jars, or cut off), so the worst case is a slower start until the file is removed.
 */
const classArchive = (what: string): string[] => {
  const archive = join(localDir, 'kafka', `${what}.jsa`);
  const quiet = ['-Xlog:disable', '-Xlog:all=error:stderr'];
  if (existsSync(archive)) return [`-XX:SharedArchiveFile=${archive}`, '-Xshare:auto', ...quiet];
  return isFirst(`${archive}.begun`) ? [`-XX:ArchiveClassesAtExit=${archive}`, ...quiet] : quiet;
};

/** Writing the archive takes more CPU than a start, so of brokers that run side by side one does it. After an hour it is taken for killed. */
const isFirst = (mark: string): boolean => {
  const begunAt = statSync(mark, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (Date.now() - begunAt < 3_600_000) return false;
  writeFileSync(mark, '');
  return true;
};

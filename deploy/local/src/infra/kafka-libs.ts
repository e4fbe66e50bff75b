import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import { localDir, rootDir, shortHash } from '../paths.ts';
import { findBinary } from './binaries.ts';
import { run } from './run.ts';

const pom = join(rootDir, 'deploy/kafka/pom.xml');

/** The folder with the broker's jars: 54 MB that Maven fetches once for a checkout (and keeps in its own cache for the next one). */
export const kafkaLibs = async (): Promise<string> => {
  const folder = join(localDir, 'kafka', 'libs');
  const stamp = join(folder, 'pom.sha');
  const wanted = shortHash(readFileSync(pom, 'utf8'));
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return folder;
  const mvn = findBinary('mvn');
  if (mvn === undefined) throw new Failure('There is no mvn, which fetches Kafka.', 'On Debian or Ubuntu: apt-get install -y maven');
  // Somebody else may be doing the same at this moment: each works in a folder of its own, and the last one to finish wins.
  const own = `${folder}.${process.pid}`;
  mkdirSync(own, { recursive: true });
  const { code, output } = await run(mvn, [
    '-q',
    '-B',
    '-f',
    pom,
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
    `-DoutputDirectory=${own}`,
  ]);
  if (code !== 0) {
    rmSync(own, { recursive: true, force: true });
    throw new Failure(
      `Maven could not fetch Kafka:\n${output.trim().slice(-2000)}`,
      'It needs Maven Central, or a mirror of it in ~/.m2/settings.xml. What it got is kept: start again.',
    );
  }
  writeFileSync(join(own, 'pom.sha'), wanted);
  rmSync(folder, { recursive: true, force: true });
  try {
    renameSync(own, folder);
  } catch {
    rmSync(own, { recursive: true, force: true }); // the other one was faster
  }
  return folder;
};

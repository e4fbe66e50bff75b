import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { Failure } from '../failure.ts';
import { findBinary } from './binaries.ts';
import { run } from './run.ts';

const install = 'apt-get install -y --no-install-recommends';

/** Which of the system's packages are missing for the native servers, each with the programs that would show it is there. */
export const missingPackages = (): string[] => {
  const wanted: [name: string, ...programs: string[]][] = [
    ['mariadb-server', 'mariadbd', 'mysqld'],
    ['redis-server', 'redis-server', 'valkey-server'],
  ];
  return wanted.filter(([, ...programs]) => findBinary(...programs) === undefined).map(([name]) => name);
};

/** Installs what is missing by apt, where that is allowed without asking anybody; otherwise says precisely what to install. */
export const installMissing = async (report: (what: string) => void): Promise<void> => {
  const missing = missingPackages();
  if (findBinary('java') === undefined || findBinary('mvn') === undefined) {
    throw new Failure(
      'Kafka needs a Java runtime (17 or newer) and Maven.',
      `On Debian or Ubuntu: ${install} openjdk-17-jre-headless maven\nThen: npm start`,
    );
  }
  if (missing.length === 0) return;
  const prefix = await privilege();
  if (prefix === undefined || findBinary('apt-get') === undefined) {
    throw new Failure(
      `Not installed: ${missing.join(', ')}.`,
      `On Debian or Ubuntu: sudo ${install} ${missing.join(' ')}\nOn macOS: brew install mariadb redis\nOr start a Docker engine, and the servers run in it. Then: npm start`,
    );
  }
  report(`apt-get installs ${missing.join(' and ')}`);
  await withoutStartingServices(prefix, async () => {
    await apt(prefix, ['update', '-q']);
    await apt(prefix, ['install', '-y', '-q', '--no-install-recommends', ...missing]);
  });
  const still = missingPackages();
  if (still.length > 0)
    throw new Failure(`apt-get installed ${still.join(', ')}, but the programs are not to be found.`, 'Run: npm run doctor');
};

/** Nothing for root, `sudo -n` where it asks for no password, undefined where neither holds. */
const privilege = async (): Promise<string[] | undefined> => {
  if (userInfo().uid === 0) return [];
  return findBinary('sudo') !== undefined && (await run('sudo', ['-n', 'true'])).code === 0 ? ['sudo', '-n'] : undefined;
};

const apt = async (prefix: string[], args: string[]): Promise<void> => {
  const [command = 'env', ...rest] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args];
  const { code, output } = await run(command, rest);
  if (code !== 0)
    throw new Failure(
      `apt-get ${args[0]} failed:\n${output.trim().slice(-1500)}`,
      'Mend what it says (is apt busy, or offline?) and start again.',
    );
};

/** Debian starts a server as soon as it is installed, on its default port. This policy file says no; one that is there already stays. */
const withoutStartingServices = async (prefix: string[], work: () => Promise<void>): Promise<void> => {
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  const script = '#!/bin/sh\nexit 101\n';
  if (ours && prefix.length === 0) writeFileSync(policy, script, { mode: 0o755 });
  if (ours && prefix.length > 0) {
    await run('sudo', ['-n', 'tee', policy], { input: script });
    await run('sudo', ['-n', 'chmod', '755', policy]);
  }
  try {
    await work();
  } finally {
    if (ours && prefix.length === 0) rmSync(policy, { force: true });
    if (ours && prefix.length > 0) await run('sudo', ['-n', 'rm', '-f', policy]);
  }
};

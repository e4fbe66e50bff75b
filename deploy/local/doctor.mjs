// What the machine has of what Jumun needs, and how to get the rest. Plain JavaScript: it must run when nothing else does.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
const GiB = 1024 ** 3;
/** Servers often live where an ordinary user's PATH does not look. */
const alsoIn = [
  '/usr/sbin',
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/libexec',
  '/opt/homebrew/bin',
  '/opt/homebrew/opt/mariadb/bin',
  '/usr/local/mysql/bin',
];

/** The full path of the first of these programs that is installed, or undefined. */
export const findBinary = (...names) => {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...alsoIn].filter((folder) => folder !== '');
  for (const name of names) {
    for (const folder of folders) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {
        // the next one
      }
    }
  }
  return undefined;
};

/** Whether a Docker engine answers and can do `docker compose`. */
export const engineAnswers = () => {
  const docker = findBinary('docker');
  if (docker === undefined) return false;
  const quiet = { stdio: 'ignore', timeout: 10_000 };
  return spawnSync(docker, ['info'], quiet).status === 0 && spawnSync(docker, ['compose', 'version'], quiet).status === 0;
};

/** What `JUMUN_INFRA` says the servers shall be. */
export const wantedInfra = () => ['native', 'docker'].find((kind) => kind === process.env.JUMUN_INFRA);

/** How the last start of this checkout was: the next one will be the same unless it is told otherwise. */
const lastStart = () => {
  const file = join(root, '.local', 'settings.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
};

/** Whether `npm start` may install packages: by apt, as root or where sudo asks for no password. */
const mayInstall = () =>
  findBinary('apt-get') !== undefined &&
  (process.getuid?.() === 0 || (findBinary('sudo') !== undefined && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0));

const firstLine = (command, args) => {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 20_000 });
  // Java tells first which options it has picked up from the environment.
  const line =
    `${stdout ?? ''}\n${stderr ?? ''}`.split('\n').find((text) => text.trim() !== '' && !/^(NOTE: )?Picked up /.test(text)) ?? 'installed';
  return stripVTControlCharacters(line).trim();
};

const portIsFree = (port) =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });

/** What has to be there. As containers, the three servers need nothing of their own. */
const checks = async () => {
  const engine = engineAnswers();
  const last = lastStart();
  const native = (wantedInfra() ?? last.infra ?? (engine ? 'docker' : 'native')) === 'native';
  const program = (name, names, args, remedy, needed = native) => {
    const path = findBinary(...names);
    return { name, ok: path !== undefined, needed, says: path === undefined ? 'not installed' : firstLine(path, args), remedy };
  };
  const byStart = native && mayInstall();
  const server = (name, names, debianPackage) => {
    const checked = program(name, names, ['--version'], `apt-get install -y --no-install-recommends ${debianPackage}`);
    return checked.ok || !byStart ? checked : { ...checked, needed: false, says: 'not installed: npm start does it', remedy: '' };
  };
  const portBase = last.portBase ?? 18_000;
  const [major, minor] = process.versions.node.split('.').map(Number);
  const disk = statfsSync(root);
  const free = disk.bavail * disk.bsize;
  const java = program('Java', ['java'], ['-version'], 'apt-get install -y openjdk-17-jre-headless   (17 or newer; runs Kafka)');
  const javaVersion = Number(/version "(\d+)/.exec(java.says)?.[1] ?? 99);
  return [
    {
      name: 'Node',
      ok: major > 20 || (major === 20 && minor >= 19),
      needed: true,
      says: process.versions.node,
      remedy: 'Install Node 20.19 or newer (https://nodejs.org).',
    },
    program('npm', ['npm'], ['--version'], 'It comes with Node.', true),
    {
      name: 'Docker engine',
      ok: engine,
      needed: !native,
      says: `${engine ? 'answers' : 'none answers'}: the servers run as ${native ? 'child processes' : 'containers'}`,
      remedy: native ? '' : 'Start the engine. Or do without it, and begin with other data: npm start -- --native',
    },
    { ...java, ok: java.ok && javaVersion >= 17 },
    program('Maven', ['mvn'], ['--version'], 'apt-get install -y maven   (fetches Kafka once, 54 MB)'),
    server('MariaDB/MySQL', ['mariadbd', 'mysqld'], 'mariadb-server'),
    server('Redis', ['redis-server', 'valkey-server'], 'redis-server'),
    {
      name: 'Disk',
      ok: free > 3 * GiB,
      needed: true,
      says: `${(free / GiB).toFixed(1)} GiB free`,
      remedy: 'Free 3 GiB: dependencies, Kafka and the data folders take about 2.',
    },
    {
      name: 'Memory',
      ok: totalmem() > 3.5 * GiB,
      needed: false,
      says: `${(totalmem() / GiB).toFixed(1)} GiB, ${(freemem() / GiB).toFixed(1)} free`,
      remedy: 'It takes about 2.5 GiB; with less than 4 it will swap.',
    },
    {
      name: `Port ${portBase}`,
      ok: await portIsFree(portBase),
      needed: false,
      says: `the gateway listens on it, and others up to ${portBase + 299}`,
      remedy: 'It is in use (by this cluster?). Others: npm start -- --port-base 19000',
    },
  ];
};

/** Prints the list. Returns whether everything that is needed is there. */
export const doctor = async () => {
  const results = await checks();
  for (const { name, ok, needed, says, remedy } of results) {
    console.log(`${ok ? '✔' : needed ? '✘' : '–'} ${name.padEnd(14)} ${says}${ok || remedy === '' ? '' : `\n    → ${remedy}`}`);
  }
  const missing = results.filter(({ ok, needed }) => !ok && needed);
  console.log(
    missing.length === 0
      ? '\nEverything that is needed is there: npm start'
      : `\n${missing.length} to mend: ${missing.map(({ name }) => name).join(', ')}`,
  );
  return missing.length === 0;
};

// Where `npm start` and the other `commands` below begin. Runs on any Node from 20.19 on, without any dependency: installs what is missing,
// builds what has changed, and hands over to the command itself, which is TypeScript for the Node 24 among the dependencies.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { doctor } from './doctor.mjs';
import { startTime } from './process-id.mjs';
import { takeTurn } from './turn.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const nodeBinary = join(root, 'node_modules', '.bin', 'node');
/** What runs in this checkout (src/run-record.ts). */
const record = join(root, '.local', 'processes.json');
const commands = ['start', 'stop', 'status', 'logs', 'doctor', 'demo', 'bench', 'audit', 'test', 'prepare-servers'];
/** These only look at what runs, or end it. They work whatever has become of the sources and the lock file since, also without a network. */
const withoutBuild = new Set(['stop', 'status', 'logs']);
/** Of each of them where nothing runs. */
const exitCodeAtRest = { stop: 0, status: 3, logs: 1 };
/** These work with the cluster that runs, so what it runs on is neither installed nor built anew under it. */
const withTheCluster = new Set(['start', 'demo', 'audit', 'bench']);

const env = {
  ...process.env,
  // What a start took is counted from here on: what it has to install and build first is part of the wait.
  JUMUN_BEGUN_AT: String(Date.now()),
  // The first node on the path of everything below is the pinned one.
  PATH: `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}`,
  // Nothing here reports to anybody, and Prisma's client generator only wants this file to exist.
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
  CHECKPOINT_DISABLE: '1',
  PRISMA_HIDE_UPDATE_MESSAGE: '1',
  PRISMA_SCHEMA_ENGINE_BINARY: process.env.PRISMA_SCHEMA_ENGINE_BINARY ?? process.execPath,
  npm_config_update_notifier: 'false',
};

const main = async () => {
  const [command, ...args] = process.argv.slice(2);
  if (!commands.includes(command)) give(`Unknown command ${command}.`, `One of: ${commands.join(', ')}`);
  const wantsHelp = args.includes('--help') || args.includes('-h');
  refuseWhatNpmKept(command);
  if (command === 'doctor' && !wantsHelp) {
    if (args.length > 0) give(`npm run doctor takes no ${args[0]}.`, 'It looks at everything: npm run doctor');
    process.exit((await doctor()) ? 0 : 1);
  }
  if (withoutBuild.has(command) && !wantsHelp && !existsSync(nodeBinary) && !existsSync(record)) {
    console.log('Nothing is running. To start: npm start'); // nor was it ever, so nothing is installed to say so
    process.exit(exitCodeAtRest[command]);
  }
  const needsNoBuild = withoutBuild.has(command) || wantsHelp;
  if (!existsSync(nodeBinary) || !(needsNoBuild || (withTheCluster.has(command) && clusterRuns()))) await makeReady(needsNoBuild);
  else if (!needsNoBuild) await tellWhatIsOld();
  process.exit(await handOver(command, args));
};

/** `npm start --detach`, without the `--` before it, is an option of npm's own: it would be passed over without a word. */
const refuseWhatNpmKept = (command) => {
  if (command !== 'start') return;
  for (const option of ['detach', 'native', 'docker', 'port-base', 'instances']) {
    const kept = process.env[`npm_config_${option.replace('-', '_')}`];
    if (kept !== undefined && kept !== '')
      give(`npm has kept --${option} to itself.`, `With -- before it: npm start -- --${option}${kept === 'true' ? '' : ` ${kept}`}`);
  }
};

/**
 * Installs what is missing and, unless only that is needed, builds what has changed: under a cluster that runs as well, since tests try what is
 * written now. A signal leaves nothing at work, and nobody's turn behind.
 */
const makeReady = async (needsNoBuild) => {
  for (const name of signals) process.on(name, interrupt);
  const release = await lock();
  try {
    await installDependencies();
    if (!needsNoBuild) await build();
  } finally {
    release();
    for (const name of signals) process.off(name, interrupt);
  }
};

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** What installs or builds right now. */
let atWork;
let interruptedBy;

const interrupt = (name) => {
  interruptedBy = name;
  if (atWork === undefined) exitByInterrupt();
  else atWork.kill('SIGTERM');
};
const exitByInterrupt = () => process.exit(128 + constants.signals[interruptedBy]);

/** Whether the supervisor of this checkout's cluster lives, by its own record. */
const clusterRuns = () => {
  try {
    const { pid, startedAt } = JSON.parse(readFileSync(record, 'utf8')).supervisor ?? {};
    return pid !== undefined && startTime(pid) === startedAt;
  } catch {
    return false; // there is none, or it has just been removed
  }
};

/** A cluster that runs goes on with what it was started with: who has changed something since should not take it for tried. */
const tellWhatIsOld = async () => {
  const what = !isInstalled() ? 'package-lock.json has' : (await isBuilt()) ? undefined : 'Sources have';
  if (what !== undefined)
    console.error(
      `– ${what} changed since the cluster was started, which goes on with what it has.\n  → To have it anew: npm stop && npm start`,
    );
};

/** Two commands in one checkout take turns here; whoever finds the turn of a process that is gone takes it over. */
const lock = async () => {
  const file = join(root, '.local', 'bootstrap.lock');
  try {
    mkdirSync(join(root, '.local'), { recursive: true });
    return await takeTurn(file, {
      waiting: (pid) => console.log(`… waiting for another command of this checkout (pid ${pid}) to finish its installation or build`),
    });
  } catch (error) {
    return give(`${file} cannot be written: ${error.message}`, 'Make the checkout writable for this user.');
  }
};

/** What is installed is what the lock file says: npm writes what it has installed into a lock file of the same form. */
const isInstalled = () => {
  const installed = JSON.parse(readOr(join(root, 'node_modules', '.package-lock.json'), '{}')).packages ?? {};
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const complete = Object.entries(wanted).every(
    ([path, { version, link, optional, devOptional, peer }]) =>
      !path.includes('node_modules/') || link || optional || devOptional || peer || installed[path]?.version === version,
  );
  return complete && spawnSync(nodeBinary, ['--version']).stdout?.toString().startsWith('v24.');
};

const installDependencies = async () => {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    give(`Node ${process.versions.node} is too old to begin with.`, 'Install Node 20.19 or newer; the exact one is then fetched by npm.');
  if (isInstalled()) return;
  if (clusterRuns() && existsSync(nodeBinary))
    give(
      'package-lock.json has changed since the cluster was started, and the installation would take from it what it runs on.',
      'End it first: npm stop',
    );
  await step('dependencies', 'about a minute', async () => {
    // Install scripts of packages stay off (some download, one reports); only `node` needs its own, which puts the binary in place.
    await npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund'], 'Remove node_modules and start again.');
    await npm(['rebuild', 'node'], 'Node 24 could not be put in place. Remove node_modules and start again.');
  });
};

const npm = async (args, remedy) => {
  const { code, output } = await run('npm', args, process.env);
  if (code === 0) return;
  const told = output
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('npm warn'));
  const isUnreachable = /\b(E404|ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ERR_SOCKET_TIMEOUT)\b/.test(output);
  give(
    `npm ${args.join(' ')} failed:\n${told.slice(-25).join('\n')}`,
    isUnreachable
      ? 'It needs the npm registry. Is there a proxy or a mirror to be set (npm config set registry …)? Then start again.'
      : remedy,
  );
};

const turbo = join(root, 'node_modules', '.bin', 'turbo');
const turboBuild = ['run', 'build', '--env-mode=loose', '--no-update-notifier'];

const build = () =>
  step('build', 'half a minute', async () => {
    const before = writtenAt();
    const { code, output } = await run(turbo, [...turboBuild, '--output-logs=errors-only'], env);
    if (code !== 0)
      give(`The build failed:\n${output.trim().split('\n').slice(-40).join('\n')}`, 'Mend what it says; `npm run build` repeats it alone.');
    if (writtenAt() === before) return 'unchanged';
    return clusterRuns()
      ? 'changed: what of the running cluster is started again from now on takes it, the rest after npm stop && npm start'
      : undefined;
  });

/** When each service was last built, or taken from turbo's cache: with what it depends on, since that changes it as well. */
const writtenAt = () =>
  readdirSync(join(root, 'services'))
    .map((name) => statSync(join(root, 'services', name, 'dist', 'main.js'), { throwIfNoEntry: false })?.ctimeMs)
    .join();

/** Whether the build would change nothing. What cannot be found out is not told as a change. */
const isBuilt = async () => {
  const { code, output } = await run(turbo, [...turboBuild, '--dry=json'], env);
  try {
    const { tasks } = JSON.parse(output.slice(output.indexOf('{'), output.lastIndexOf('}') + 1));
    return code !== 0 || tasks.every((task) => task.command === '<NONEXISTENT>' || task.cache.status === 'HIT');
  } catch {
    return true;
  }
};

const run = (command, args, environment) =>
  new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    atWork = child;
    child.once('error', (error) => resolve({ code: 127, output: error.message }));
    child.once('exit', () => {
      atWork = undefined;
      if (interruptedBy !== undefined) exitByInterrupt();
    });
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });

/** One line of the list of what has been done, with the time it took. */
const step = async (name, expectation, work) => {
  const begun = Date.now();
  process.stdout.write(`… ${name} (${expectation})${process.stdout.isTTY ? '' : '\n'}`);
  const note = await work();
  if (process.stdout.isTTY) process.stdout.write('\r\u001b[K');
  console.log(`✔ ${name.padEnd(14)} ${((Date.now() - begun) / 1000).toFixed(1).padStart(6)} s${note === undefined ? '' : `  ${note}`}`);
};

/** The command gets the terminal; signals reach it as they reach this process, which only waits for it to end. */
const handOver = (command, args) =>
  new Promise((resolve) => {
    const child = spawn(nodeBinary, ['--no-warnings', join(root, 'deploy/local/src/cli.ts'), command, ...args], {
      cwd: root,
      env,
      stdio: 'inherit',
    });
    process.on('SIGINT', () => undefined); // the terminal has sent it to the child as well
    for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
    child.once('error', (error) => give(`Node 24 could not be started: ${error.message}`, 'Remove node_modules and start again.'));
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
  });

const readOr = (file, otherwise) => (existsSync(file) ? readFileSync(file, 'utf8') : otherwise);

const give = (problem, remedy) => {
  console.error(`\n✘ ${problem}\n  → ${remedy}`);
  process.exit(1);
};

await main();

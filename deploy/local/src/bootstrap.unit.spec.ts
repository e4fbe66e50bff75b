import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { eventually } from '@jumun/testkit/eventually';
import { rootDir } from './paths.ts';
import { type ProcessRef, refOf } from './process-ref.ts';

// The bootstrap in a checkout where nothing is but itself, with an npm and a turbo that write into a diary what they are asked for.
const dir = mkdtempSync(join(tmpdir(), 'jumun-bootstrap-'));
const bootstraps: ChildProcess[] = [];
afterAll(() => {
  for (const bootstrap of bootstraps) bootstrap.kill('SIGKILL');
  rmSync(dir, { recursive: true });
});

const script = (file: string, text: string): void => {
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
};

interface Setting {
  /** What the lock file wants of a package that is installed as 1.0.0. */
  wanted?: string;
  /** Whether Node 24 lies among the dependencies. */
  node?: boolean;
  /** Whether turbo finds everything built. */
  built?: boolean;
  supervisor?: ProcessRef | undefined;
  npm?: string;
}

let checkouts = 0;
const checkout = ({ wanted = '1.0.0', node = true, built = true, supervisor, npm = 'true' }: Setting) => {
  const root = join(dir, String(checkouts++));
  const inside = (...path: string[]): string => join(root, ...path);
  const modules = inside('node_modules');
  for (const folder of [inside('deploy/local'), inside('.local'), inside('bin'), join(modules, '.bin')])
    mkdirSync(folder, { recursive: true });
  for (const name of ['bootstrap', 'doctor', 'turn', 'process-id'])
    copyFileSync(join(rootDir, 'deploy/local', `${name}.mjs`), inside('deploy/local', `${name}.mjs`));
  const lockFile = (version: string): string => JSON.stringify({ packages: { 'node_modules/example': { version } } });
  writeFileSync(inside('package-lock.json'), lockFile(wanted));
  writeFileSync(join(modules, '.package-lock.json'), lockFile('1.0.0'));
  const handedOver = `if [ "$1" = --version ]; then echo v24.0.0; else echo "handed over: $3"; fi`;
  if (node) script(join(modules, '.bin', 'node'), handedOver);
  const main = inside('services', 'wallet', 'dist', 'main.js');
  mkdirSync(dirname(main), { recursive: true });
  if (built) writeFileSync(main, '');
  const dry = JSON.stringify({ tasks: [{ command: 'swc', cache: { status: built ? 'HIT' : 'MISS' } }] });
  const diary = `echo "\${0##*/} $*" >> ${inside('diary')}`;
  script(
    join(modules, '.bin', 'turbo'),
    `case "$*" in *--dry*) echo '${dry}';; *) ${diary}; ${built ? 'true' : `echo anew > ${main}`};; esac`,
  );
  script(inside('bin', 'npm'), `${diary}\n${npm}`);
  if (supervisor !== undefined) writeFileSync(inside('.local', 'processes.json'), JSON.stringify({ supervisor }));
  const run = (command: string, args: readonly string[] = [], environment: Record<string, string> = {}) => {
    const path = `${inside('bin')}${delimiter}${process.env['PATH']}`;
    const child = spawn(process.execPath, [inside('deploy/local/bootstrap.mjs'), command, ...args], {
      env: { ...process.env, PATH: path, ...environment },
    });
    bootstraps.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    return { child, ended: once(child, 'close').then(([code]: unknown[]) => ({ code, output })) };
  };
  return {
    run,
    lock: inside('.local', 'bootstrap.lock'),
    diary: () => (existsSync(inside('diary')) ? readFileSync(inside('diary'), 'utf8').trim().split('\n') : []),
  };
};

const self = refOf(process.pid)!;
const CI = 'npm ci --ignore-scripts --no-audit --no-fund';
const BUILD = 'turbo run build --env-mode=loose --no-update-notifier --output-logs=errors-only';

test.each(['stop', 'status', 'logs'])(
  '%s installs and builds nothing, whatever the lock file says, and waits for nobody',
  async (command) => {
    const { run, diary, lock } = checkout({ wanted: '2.0.0', built: false });
    writeFileSync(lock, `${process.pid} other ${self.startedAt}`);
    expect(await run(command).ended).toEqual({ code: 0, output: expect.stringContaining(`handed over: ${command}`) as string });
    expect(diary()).toEqual([]);
  },
);

test.each([
  ['stop', 0],
  ['status', 3],
  ['logs', 1],
])('%s says without any installation that nothing has ever run', async (command, code) => {
  const { run, diary } = checkout({ node: false });
  expect(await run(command).ended).toEqual({ code, output: 'Nothing is running. To start: npm start\n' });
  expect(diary()).toEqual([]);
});

test.each([
  [{ npm_config_detach: 'true' }, 'npm start -- --detach\n'],
  [{ npm_config_port_base: '29000' }, 'npm start -- --port-base 29000\n'],
])('an option that npm has kept to itself is told of: %j', async (kept, remedy) => {
  const { run, diary } = checkout({ wanted: '2.0.0' });
  const { code, output } = await run('start', [], kept).ended;
  expect([code, output]).toEqual([1, expect.stringContaining(remedy)]);
  expect(diary()).toEqual([]);
});

test('doctor takes nothing', async () => {
  expect(await checkout({}).run('doctor', ['--nope']).ended).toEqual({
    code: 1,
    output: expect.stringContaining('takes no --nope') as string,
  });
});

test.each([
  ['npm error code ENOTFOUND', 'It needs the npm registry'],
  ['npm error ENOTEMPTY: directory not empty', 'Remove node_modules and start again'],
])('where npm fails with %j, what to do is told', async (error, remedy) => {
  const { run } = checkout({ wanted: '2.0.0', npm: `echo 'npm warn EBADENGINE noise'; echo '${error}'; exit 1` });
  const { code, output } = await run('start').ended;
  expect(code).toBe(1);
  expect(output).toContain(`failed:\n${error}\n  → ${remedy}`);
});

test.each(['start', 'demo', 'audit', 'bench'])(
  '%s installs and builds nothing under a cluster that runs, and says what it has not taken',
  async (command) => {
    const same = checkout({ supervisor: self });
    expect(await same.run(command).ended).toEqual({ code: 0, output: `handed over: ${command}\n` });
    for (const [what, setting] of [
      ['package-lock.json has', { wanted: '2.0.0' }],
      ['Sources have', { built: false }],
    ] as const) {
      const changed = checkout({ ...setting, supervisor: self });
      const { code, output } = await changed.run(command).ended;
      expect(output).toMatch(new RegExp(`– ${what} changed since[^]*npm stop && npm start\nhanded over: ${command}\n$`));
      expect(code).toBe(0);
      expect(changed.diary()).toEqual([]);
    }
  },
);

test.each(['test', 'prepare-servers'])(
  '%s builds what has changed under a cluster that runs as well, and installs nothing',
  async (command) => {
    const same = checkout({ supervisor: self });
    const changed = checkout({ built: false, supervisor: self });
    const newer = checkout({ wanted: '2.0.0', supervisor: self });
    const [one, other, refused] = await Promise.all([same, changed, newer].map(({ run }) => run(command).ended));
    expect(one).toMatchObject({ code: 0, output: expect.stringMatching(/✔ build .* unchanged\n/) as string });
    expect(other).toMatchObject({
      code: 0,
      output: expect.stringMatching(/✔ build .* changed: what of the running cluster is started/) as string,
    });
    expect(changed.diary()).toEqual([BUILD]);
    expect(refused).toMatchObject({ code: 1, output: expect.stringMatching(/package-lock\.json has changed[^]*npm stop/) as string });
    expect(newer.diary()).toEqual([]);
  },
);

test('what is missing is installed, and what has changed is built, where no cluster runs', async () => {
  for (const supervisor of [undefined, { ...self, startedAt: 'another time' }]) {
    const { run, diary } = checkout({ wanted: '2.0.0', supervisor });
    expect((await run('demo').ended).code).toBe(0);
    expect(diary()).toEqual([CI, 'npm rebuild node', BUILD]);
  }
  const bare = checkout({ node: false, supervisor: { ...self, startedAt: 'another time' } }); // something is left of it to be ended
  await bare.run('stop').ended;
  expect(bare.diary()).toEqual([CI, 'npm rebuild node']);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  '%s while something is installed ends that and leaves no turn behind; who waits for it hears it as well',
  async (signal, code) => {
    const { run, diary, lock } = checkout({ wanted: '2.0.0', npm: 'exec sleep 60' });
    const first = run('start');
    await eventually(() => diary().length > 0);
    const turn = readFileSync(lock, 'utf8');
    expect(turn).toMatch(new RegExp(`^${first.child.pid} `));
    const second = run('demo');
    let said = '';
    second.child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    expect(await eventually(() => said.includes('\n') && said)).toContain(
      `waiting for another command of this checkout (pid ${first.child.pid})`,
    );
    second.child.kill(signal);
    expect((await second.ended).code).toBe(code);
    expect(readFileSync(lock, 'utf8')).toBe(turn);
    first.child.kill(signal);
    expect((await first.ended).code).toBe(code); // whose outputs are closed: nothing that it has started holds them any more
    expect(existsSync(lock)).toBe(false);
  },
);

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { type ClusterFile, isRunning, localDir, refOf, rootDir } from '@jumun/local';
import { eventually, freePort } from '@jumun/testkit';

/** What a checkout has beside its sources: not copied, since another command may be at work there. */
const isCopied = (name: string): boolean => !['.git', '.local', '.turbo', 'node_modules'].includes(name);

interface Ran {
  readonly code: number;
  readonly output: string;
}

/** As a person has it, without what the tests set for what they start; what was built here is not built again there: turbo compares the sources. */
const env: NodeJS.ProcessEnv = { ...process.env, TURBO_CACHE_DIR: join(rootDir, '.turbo', 'cache') };
for (const name of ['JDK_JAVA_OPTIONS', 'NODE_COMPILE_CACHE']) delete env[name];

// The commands as a person gives them, in a checkout of their own with the dependencies, the build and Kafka's jars of this one.
describe('the commands', () => {
  let checkout: string;
  const npm = (...args: string[]): Promise<Ran> =>
    new Promise((resolve) => {
      execFile('npm', args, { cwd: checkout, env, timeout: 240_000 }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr }),
      );
    });

  /** The consumer of the documents, until it has told of all of these. */
  const consumerTells = async (...types: string[]): Promise<void> => {
    const child = spawn('node_modules/.bin/node', ['--no-warnings', 'docs/examples/consumer.mjs'], { cwd: checkout, env });
    const ended = once(child, 'exit');
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    try {
      await eventually(() => types.every((type) => output.includes(` ${type} `)), { withinMs: 60_000 });
    } catch (cause) {
      throw new Error(`it said: ${output}`, { cause });
    } finally {
      child.kill('SIGTERM');
    }
    expect(await ended).toEqual([0, null]);
  };

  beforeAll(() => {
    mkdirSync(localDir, { recursive: true });
    checkout = mkdtempSync(join(localDir, 'commands-'));
    for (const entry of readdirSync(rootDir).filter(isCopied))
      cpSync(join(rootDir, entry), join(checkout, entry), { recursive: true, filter: (path) => isCopied(basename(path)) });
    symlinkSync(join(rootDir, 'node_modules'), join(checkout, 'node_modules'));
    const kafka = join(checkout, '.local', 'kafka');
    mkdirSync(kafka, { recursive: true });
    mkdirSync(join(localDir, 'kafka', 'libs'), { recursive: true });
    symlinkSync(join(localDir, 'kafka', 'libs'), join(kafka, 'libs'));
    for (const what of ['broker', 'format']) writeFileSync(join(kafka, `${what}.jsa.begun`), ''); // no class archive for one start
  });
  afterAll(async () => {
    await npm('stop');
    rmSync(checkout, { recursive: true, force: true });
  });

  it('start, look, read, stop: each says what it did, and its exit code says whether it is well', async () => {
    expect(await npm('run', '-s', 'status')).toMatchObject({ code: 3, output: expect.stringContaining('To start: npm start') as string });

    const started = await npm('start', '--', '--detach');
    expect(started.output).toContain('COMPLETED');
    expect(started.code).toBe(0);
    const file = join(checkout, '.local', 'cluster.json');
    const { gatewayUrl, services } = JSON.parse(readFileSync(file, 'utf8')) as Pick<ClusterFile, 'gatewayUrl' | 'services'>;
    const wallet = services['wallet'] as { pid: number; internalUrl: string };
    expect((await fetch(`${gatewayUrl}/openapi.json`)).status).toBe(200);

    const status = await npm('run', '-s', 'status');
    expect(status).toMatchObject({ code: 0, output: expect.stringContaining(`gateway ${gatewayUrl}`) as string });
    for (const name of ['wallet', 'catalog-inventory', 'coupon', 'order-orchestrator'])
      expect(status.output).toMatch(new RegExp(`✔ ${name} +ready`));

    expect((await npm('start', '--', '--detach')).output).toContain('It is running already');
    expect(await npm('run', '-s', 'demo')).toMatchObject({ code: 0 });
    expect(await npm('run', '-s', 'audit')).toMatchObject({ code: 0 });
    expect((await npm('run', '-s', 'logs', 'wallet')).output).toContain('"msg":"ready"');
    expect((await npm('run', '-s', 'logs', 'nobody')).code).not.toBe(0);
    await consumerTells('jumun.orders.v1.OrderCompleted', 'jumun.wallet.v1.WalletCharged', 'jumun.coupon.v1.CouponIssued');
    expect(await npm('run', '-s', 'doctor')).toMatchObject({ code: 0 });

    // As on a full disk: neither of the two files can be written any more. What dies is revived all the same, and all of it can be ended.
    const noRoom = ['processes.json.new', 'cluster.json.new'].map((name) => join(checkout, '.local', name));
    for (const folder of noRoom) mkdirSync(folder);
    const former = refOf(wallet.pid);
    process.kill(wallet.pid, 'SIGKILL');
    await eventually(() => !isRunning(former));
    await eventually(async () => (await fetch(`${wallet.internalUrl}/readyz`)).ok, { withinMs: 90_000 });
    expect((await npm('run', '-s', 'status')).output).toMatch(/✘ wallet +gone/); // which is what the file still says

    expect(await npm('stop')).toMatchObject({ code: 0, output: expect.stringContaining('stopped') as string });
    for (const folder of noRoom) rmdirSync(folder);
    expect(readFileSync(join(checkout, '.local', 'logs', 'supervisor.log'), 'utf8')).toMatch(/processes\.json is not up to date: EISDIR/);
    await expect(fetch(wallet.internalUrl)).rejects.toThrow('fetch failed');
    await expect(fetch(gatewayUrl)).rejects.toThrow('fetch failed');
    expect((await npm('run', '-s', 'status')).code).toBe(3);
  }, 300_000);

  it('a port that is taken is named, and nothing is left running', async () => {
    const taken = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve));
    const { code, output } = await npm('start', '--', '--detach', '--port-base', String(port));
    await new Promise((resolve) => taken.close(resolve));
    expect(code).not.toBe(0);
    expect(output).toContain(`Port ${port} is taken`);
    expect((await npm('run', '-s', 'status')).code).toBe(3);

    const ofTheDead = join(checkout, '.local', 'cluster.json');
    writeFileSync(ofTheDead, '{}');
    expect(await npm('stop')).toMatchObject({ code: 0, output: expect.stringContaining('Nothing is running') as string });
    expect(existsSync(ofTheDead)).toBe(false);
  });
});

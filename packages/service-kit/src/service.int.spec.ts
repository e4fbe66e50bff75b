import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, credentials, status } from '@grpc/grpc-js';
import { freeAddress } from '@jumun/testkit';
import { eventually } from '@jumun/testkit/eventually';
import { service as healthService } from 'grpc-health-check';
import { EchoClient, type Saying } from '../test/echo.ts';
import { type MariadbServer, startMariadb } from '../test/mariadb-server.ts';
import { grpcClient, UpstreamUnavailable } from './grpc-client.ts';
import { sleep } from './retry.ts';
import { withTrace } from './trace.ts';

const program = fileURLToPath(new URL('../test/echo-service.ts', import.meta.url));
const faultsDir = mkdtempSync(join(tmpdir(), 'kit-faults-'));
let server: MariadbServer;
let databaseUrl: string;

interface Running {
  child: ChildProcess;
  grpc: string;
  internal: string;
  logs: Record<string, unknown>[];
  exited: Promise<number | NodeJS.Signals | null>;
  ready(): Promise<void>;
}

const running = new Set<ChildProcess>();

const startEcho = async (extra: Record<string, string> = {}, ports?: { grpc: string; internal: string }): Promise<Running> => {
  const grpc = ports?.grpc ?? (await freeAddress());
  const internal = ports?.internal ?? (await freeAddress());
  const env = {
    PATH: process.env['PATH'],
    NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
    DATABASE_URL: databaseUrl,
    KAFKA_BROKERS: '127.0.0.1:1',
    REDIS_URL: 'redis://127.0.0.1:1',
    GRPC_ADDRESS: grpc,
    INTERNAL_ADDRESS: internal,
    FAULT_POINTS_DIR: faultsDir,
    ...extra,
  };
  const child = spawn(process.execPath, ['--no-warnings', program], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const logs: Record<string, unknown>[] = [];
  let rest = '';
  const take = (chunk: Buffer): void => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) logs.push(line.startsWith('{') ? (JSON.parse(line) as Record<string, unknown>) : { msg: line, raw: true });
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const exited = new Promise<number | NodeJS.Signals | null>((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)));
  const ready = async (): Promise<void> => {
    for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(50)) {
      const answer = await fetch(`http://${internal}/readyz`).catch(() => undefined);
      if (answer?.ok && logs.some(({ msg }) => msg === 'ready')) return; // what it says arrives by another way
      if (child.exitCode !== null) break;
    }
    throw new Error(`not ready: ${JSON.stringify(logs)}`);
  };
  return { child, grpc, internal, logs, exited, ready };
};

const messages = ({ logs }: Running): unknown[] => logs.map(({ msg }) => msg);

beforeAll(async () => {
  server = await startMariadb();
  databaseUrl = await server.schema();
});

afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  await server.stop();
  rmSync(faultsDir, { recursive: true });
});

const health = (address: string): Promise<unknown> => {
  const client = new Client(address, credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = healthService['Check'] as (typeof healthService)[string];
  return new Promise((resolve, reject) =>
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { service: 'kit.test.v1.Echo' }, (error, value) => {
      client.close();
      if (error) reject(error);
      else resolve(value);
    }),
  );
};

describe('a service', () => {
  let echo: Running;
  const clients = new Set<{ close(): void }>();
  const clientOf = (address: string, options?: { deadlineMs?: number }) => {
    const client = grpcClient(EchoClient, address, options);
    clients.add(client);
    return client;
  };

  beforeAll(async () => {
    echo = await startEcho();
    await echo.ready();
  });
  afterAll(() => clients.forEach((client) => client.close()));

  it('says one line when it is ready, and nothing of its wiring', async () => {
    expect(messages(echo)).toEqual(['ready']);
    expect(await health(echo.grpc)).toMatchObject({ status: 'SERVING' });
    expect((await fetch(`http://${echo.internal}/livez`)).status).toBe(200);
    expect(await (await fetch(`http://${echo.internal}/metrics`)).text()).toContain('nodejs_eventloop_lag_p99_seconds');
  });

  it('answers unary calls', async () => {
    const client = clientOf(echo.grpc);
    expect(await client.say({ text: 'hello' })).toEqual({ $type: 'kit.test.v1.Saying', text: 'hello' });
    expect(client.connected()).toBe(true);
    for (let i = 0; i < 300; i++) await client.say({ text: 'warm' });
    const start = performance.now();
    const cpu = process.cpuUsage();
    for (let i = 0; i < 20; i++) await Promise.all(Array.from({ length: 50 }, () => client.say({ text: 'x' })));
    const { user, system } = process.cpuUsage(cpu);
    console.info(
      `unary: ${(performance.now() - start).toFixed(0)} us a call, ${((user + system) / 1000).toFixed(0)} us of the client's CPU`,
    );
  });

  it('answers on bidirectional streams', async () => {
    const stream = clientOf(echo.grpc).chat();
    const answers: string[] = [];
    stream.on('data', ({ text }: Saying) => answers.push(text));
    const ended = new Promise((resolve) => stream.once('end', resolve));
    const start = performance.now();
    for (let i = 0; i < 1000; i++) stream.write({ $type: 'kit.test.v1.Saying', text: `a${i}` });
    stream.end();
    await ended;
    console.info(`stream: ${(performance.now() - start).toFixed(0)} us a message and its answer`);
    expect(answers).toHaveLength(1000);
    expect(answers[999]).toBe('A999');
  });

  it('carries trace and request id', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const { text } = await withTrace({ traceparent, requestId: 'req-1' }, () => clientOf(echo.grpc).say({ text: 'trace' }));
    const seen = JSON.parse(text) as { traceparent: string; requestId: string };
    expect(seen.requestId).toBe('req-1');
    expect(seen.traceparent.slice(0, 35)).toBe(traceparent.slice(0, 35));
    expect(seen.traceparent).not.toBe(traceparent);
  });

  it.each([
    ['bug', status.INTERNAL, 'internal error'],
    ['overloaded', status.RESOURCE_EXHAUSTED, 'OVERLOADED'],
    ['not found', status.NOT_FOUND, 'no such thing'],
  ])('answers %s with a status of its own', async (text, code, details) => {
    await expect(clientOf(echo.grpc).say({ text })).rejects.toMatchObject({ code, details });
  });

  it('tells bugs to its log', async () => {
    const told = () => echo.logs.find(({ msg }) => msg === 'a gRPC handler failed');
    for (const deadline = Date.now() + 10_000; told() === undefined && Date.now() < deadline;) await sleep(20); // it comes through a pipe
    const bug = told();
    expect(bug).toMatchObject({
      level: 'error',
      err: { message: 'a secret detail' },
      trace_id: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
    });
  });

  it('is unavailable to its clients when it says so, is not there, or does not answer in time', async () => {
    await expect(clientOf(echo.grpc).say({ text: 'transient' })).rejects.toThrow(UpstreamUnavailable);
    await expect(clientOf('127.0.0.1:1').say({ text: 'x' })).rejects.toThrow(UpstreamUnavailable);
    const patient = clientOf(echo.grpc, { deadlineMs: 60_000 }); // but for a call that says otherwise
    const start = performance.now();
    await expect(patient.say({ text: 'slow' }, { deadlineMs: 150 })).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    expect(performance.now() - start).toBeLessThan(30_000);
  });

  it('is used in turn with others, and not while it is gone', async () => {
    const other = await startEcho();
    await other.ready();
    const client = clientOf(`${echo.grpc},${other.grpc}`, { deadlineMs: 20_000 });
    await Promise.all(Array.from({ length: 20 }, () => client.say({ text: 'x' })));
    other.child.kill('SIGTERM');
    expect(await other.exited).toBe(0);
    const results = await Promise.allSettled(Array.from({ length: 50 }, () => client.say({ text: 'x' })));
    expect(results.filter((result) => result.status === 'fulfilled').length).toBeGreaterThanOrEqual(49);
    const again = await startEcho({}, other);
    await again.ready();
    again.child.kill('SIGKILL');
    await again.exited;
  });

  it('stops within its time, streams open or not: hooks from last to first, exit 0', async () => {
    const stream = clientOf(echo.grpc).chat();
    stream.on('error', () => {});
    stream.write({ $type: 'kit.test.v1.Saying', text: 'x' });
    await new Promise((resolve) => stream.once('data', resolve));
    echo.child.kill('SIGTERM');
    await eventually(() => messages(echo).includes('stopping'));
    const answer = await fetch(`http://${echo.internal}/readyz`);
    expect([answer.status, await answer.json()]).toEqual([503, { ready: false, failing: { process: 'stopping' } }]);
    expect((await fetch(`http://${echo.internal}/livez`)).status).toBe(200);
    expect(await echo.exited).toBe(0);
    const told = ['stopping', 'second hook', 'first hook', 'stopped'];
    expect(messages(echo).filter((each) => told.includes(each as string))).toEqual(told); // the cut stream may be told of in between
  });
});

describe('the life of a process', () => {
  it('ends with 1 when a hook hangs', async () => {
    const echo = await startEcho({ HANG_AT_STOP: 'yes' });
    await echo.ready();
    echo.child.kill('SIGTERM');
    expect(await echo.exited).toBe(1);
    expect(echo.logs.at(-1)).toMatchObject({ level: 'error', hook: 'second' });
  });

  it('ends with 1 on an unhandled rejection', async () => {
    const echo = await startEcho();
    await echo.ready();
    const client = grpcClient(EchoClient, echo.grpc);
    await client.say({ text: 'leak' }).catch(() => {});
    expect(await echo.exited).toBe(1);
    expect(echo.logs.at(-1)).toMatchObject({ level: 'fatal', msg: 'unhandled rejection', err: { message: 'nobody looks at me' } });
    client.close();
  });

  it('dies at an armed fault point, once', async () => {
    const echo = await startEcho();
    await echo.ready();
    const client = grpcClient(EchoClient, echo.grpc);
    await client.say({ text: 'x' });
    writeFileSync(join(faultsDir, 'echo_say'), 'kill @2');
    const untilItDies = async (): Promise<never> => {
      for (;;) await client.say({ text: 'x' });
    };
    await expect(untilItDies()).rejects.toThrow(UpstreamUnavailable);
    expect(await echo.exited).toBe('SIGKILL');
    client.close();
  });

  it('lists all mistakes of its environment and exits with 78', async () => {
    const echo = await startEcho({ DATABASE_URL: 'postgres://u:hush@h/x', GRPC_ADDRESS: '', LOG_LEVEL: 'loud' });
    expect(await echo.exited).toBe(78);
    const text = messages(echo).join('\n');
    for (const name of ['DATABASE_URL: ', 'GRPC_ADDRESS: is not set', 'LOG_LEVEL: ']) expect(text).toContain(name);
    expect(text).not.toContain('hush');
  });

  it.each([
    ['a wrong password', (url: URL) => (url.password = 'hush'), 'kit', 'Access denied'],
    ['a user that is not there', (url: URL) => (url.username = 'nobody'), 'nobody', 'Access denied'],
    ['a schema that is not there', (url: URL) => (url.pathname = '/nothing'), 'kit', 'Unknown schema'],
  ])('exits with 78 and one line because of %s', async (_, spoil, user, reason) => {
    const url = new URL(databaseUrl);
    spoil(url);
    const echo = await startEcho({ DATABASE_URL: url.href });
    expect(await echo.exited).toBe(78);
    expect(messages(echo)).toEqual([
      `DATABASE_URL: MySQL at 127.0.0.1:${server.port} refuses user ${user} (${reason}): check user, password and schema.`,
    ]);
  });

  it('does not start without its database, and says why', async () => {
    const echo = await startEcho({ DATABASE_URL: 'mysql://u:p@127.0.0.1:1/x' });
    expect(await echo.exited).toBe(1);
    expect(JSON.stringify(echo.logs)).toContain('ECONNREFUSED');
  });
});

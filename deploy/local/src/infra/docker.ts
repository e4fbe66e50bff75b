import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Failure } from '../failure.ts';
import type { Handle } from '../managed-process.ts';
import { rootDir, shortHash } from '../paths.ts';
import { writeWhole } from '../run-record.ts';
import { host, type Infrastructure, type InfraPorts } from './connection.ts';
import { keptPassword } from './docker-password.ts';
import { brokerAnswers } from './kafka-probe.ts';
import { acceptsQueries } from './mysql.ts';
import { choosePorts } from './native.ts';
import { answersPing } from './redis.ts';
import { run } from './run.ts';

export interface DockerOptions {
  /** The root password lies in it, and its path makes the project's name: two checkouts never share containers. */
  dir: string;
  ports?: InfraPorts;
  /** Removes containers and volumes at the end: for tests, whose data nobody wants. */
  ephemeral?: boolean;
}

/** The three servers of docker-compose.yml, in a project of this folder's own; returns when all are healthy. */
export const startDocker = async ({ dir, ports, ephemeral = false }: DockerOptions): Promise<Infrastructure> => {
  const chosen = ports ?? (await choosePorts());
  const rootPassword = await passwordIn(dir, ephemeral);
  const compose = composeFor(dir, { ...chosen, rootPassword });
  const server = (name: string, isReady: () => Promise<boolean>): Container => new Container(name, compose, isReady);
  const servers = {
    mysql: server('mysql', () => acceptsQueries({ port: chosen.mysql, password: rootPassword })),
    redis: server('redis', () => answersPing(chosen.redis)),
    kafka: server('kafka', () => brokerAnswers(chosen.kafka)),
  };
  const stop = async (): Promise<void> => {
    await compose(ephemeral ? ['down', '--volumes', '--timeout', '20'] : ['stop', '--timeout', '20']);
  };
  try {
    await compose(
      ['up', '--detach', '--wait', '--wait-timeout', '180'],
      'Is the engine running (`docker info`), and what do the servers say (npm run logs mysql)? Without it: npm start -- --native',
    );
    await Promise.all(Object.values(servers).map((each) => each.untilReady()));
  } catch (error) {
    await stop().catch(() => undefined); // what has failed first is told
    throw error;
  }
  return {
    kind: 'docker',
    servers,
    mysql: { host, port: chosen.mysql, rootUser: 'root', rootPassword },
    redisUrl: `redis://${host}:${chosen.redis}`,
    kafkaBrokers: [`${host}:${chosen.kafka}`],
    stop,
  };
};

/** Ends the containers of a folder whose supervisor is gone; their data stays unless it is to be removed as well. */
export const stopContainers = async (dir: string, { remove = false }: { remove?: boolean } = {}): Promise<void> => {
  await composeFor(dir)(remove ? ['down', '--volumes', '--timeout', '20'] : ['stop', '--timeout', '20']);
};

/** The containers of a folder, each with what Docker says of it: `running`, `exited`. */
export const containersOf = async (dir: string): Promise<{ name: string; state: string; health: string }[]> => {
  const output = await composeFor(dir)(['ps', '--all', '--format', 'json']);
  const lines = output.split('\n').filter((line) => /^[[{]/.test(line)); // one a line, or, from an older Compose, all in one
  return lines.flatMap((line) =>
    [JSON.parse(line) as ComposeContainer | ComposeContainer[]].flat().map(({ Service, State, Health = '' }) => ({
      name: Service,
      state: State,
      health: Health,
    })),
  );
};

interface ComposeContainer {
  Service: string;
  State: string;
  Health?: string;
}

/** The arguments with which `docker` tells what a folder's container has written. */
export const containerLogs = (dir: string, name: string, { follow, lines }: { follow: boolean; lines: number }): string[] => [
  ...composeFile,
  `--project-name=${projectOf(dir)}`,
  'logs',
  '--no-log-prefix',
  '--no-color',
  `--tail=${lines}`,
  ...(follow ? ['--follow'] : []),
  name,
];

const composePath = join(rootDir, 'docker-compose.yml');
const composeFile = ['compose', '--file', composePath];
const projectOf = (dir: string): string => `jumun-${basename(dir).replaceAll(/[^a-z0-9]/g, '')}-${shortHash(dir)}`;
const noEngine = 'Is the Docker engine still running? `docker info` tells.';

type Compose = (args: string[], remedy?: string) => Promise<string>;

const composeFor = (dir: string, settings?: InfraPorts & { rootPassword: string }): Compose => {
  const env: NodeJS.ProcessEnv = { ...process.env, COMPOSE_PROJECT_NAME: projectOf(dir) };
  if (settings !== undefined) {
    const { mysql, redis, kafka, rootPassword } = settings;
    Object.assign(env, {
      MYSQL_PORT: String(mysql),
      REDIS_PORT: String(redis),
      KAFKA_PORT: String(kafka),
      MYSQL_ROOT_PASSWORD: rootPassword,
    });
  }
  return async (args, remedy = noEngine) => {
    const { code, output } = await run('docker', [...composeFile, ...args], { env, cwd: rootDir });
    if (code !== 0) throw new Failure(`docker compose ${args[0]} failed:\n${output.trim().slice(-1500)}`, remedy);
    return output;
  };
};

/** The folder's root password, made at its first start. What a test has left behind under the same name goes without a word. */
const passwordIn = async (dir: string, ephemeral: boolean): Promise<string> => {
  const file = join(dir, 'docker.json');
  const text = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  if (text === undefined && ephemeral) await stopContainers(dir, { remove: true });
  const volumes = text === undefined ? await volumesOf(dir) : [];
  const removal = `docker compose --file '${composePath}' --project-name ${projectOf(dir)} down --volumes`;
  const kept = keptPassword({ file, text, volumes, removal });
  if (kept !== undefined) return kept;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const rootPassword = randomBytes(18).toString('base64url');
  writeWhole(file, { rootPassword });
  return rootPassword;
};

const volumesOf = async (dir: string): Promise<string[]> => {
  const { code, output } = await run('docker', ['volume', 'ls', '--quiet']);
  if (code !== 0) throw new Failure(`docker volume ls failed:\n${output.trim().slice(-1500)}`, noEngine);
  return output.split('\n').filter((name) => name.startsWith(`${projectOf(dir)}_`)); // which is how Compose names them
};

/** One server in its container. The engine does not restart it: after a kill it stays down until it is started. */
class Container implements Handle {
  readonly name: string;
  readonly pid = undefined;
  readonly #compose: Compose;
  readonly #isReady: () => Promise<boolean>;
  #running = true;

  constructor(name: string, compose: Compose, isReady: () => Promise<boolean>) {
    this.name = name;
    this.#compose = compose;
    this.#isReady = isReady;
  }

  get running(): boolean {
    return this.#running;
  }

  async start(): Promise<void> {
    await this.#compose(['up', '--detach', '--wait', '--wait-timeout', '120', this.name]);
    await this.untilReady();
    this.#running = true;
  }

  /** Healthy is what answers within its container; this asks from where everybody else does. */
  async untilReady(): Promise<void> {
    for (const deadline = Date.now() + 60_000; !(await this.#isReady().catch(() => false));) {
      if (Date.now() > deadline) throw new Failure(`${this.name} does not answer.`, `Look at: docker compose logs ${this.name}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async stop(): Promise<void> {
    await this.#compose(['stop', '--timeout', '20', this.name]);
    this.#running = false;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.#compose(['kill', '--signal', signal, this.name]);
    if (signal === 'SIGKILL' || signal === 'SIGTERM') this.#running = false;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }
}

import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InfraConnection } from './infra/connection.ts';
import { ManagedProcess, type Supervision } from './managed-process.ts';
import { nodeBinary, rootDir } from './paths.ts';
import type { PortPlan } from './port-plan.ts';
import { databaseUrl } from './prepare.ts';
import type { Secrets } from './secrets.ts';
import { instanceName, serviceDir, services, type ServiceRow } from './services.ts';

export interface ServiceSetting {
  infra: InfraConnection;
  secrets: Secrets;
  plan: PortPlan;
  /** How many of each there are. */
  instances: Readonly<Record<string, number>>;
  logDir: string;
  /** Where fault points are armed; none when undefined. */
  faultDir?: string;
  /** More variables, by service; `*` is for all. */
  env?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const host = '127.0.0.1';
const START_WITHIN_MS = 90_000;
/** A service drains within ten seconds by itself. */
const STOP_GRACE_MS = 15_000;

/**
 * A quarter of a gigabyte is several times what lives in an instance under full load. Larger young generations save collections, and an old one that
 * may grow to four times what lives, or to that limit, saves the dear ones. With one helping thread instead of four a collection costs less: where
 * services share two cores, helpers wait for each other (decision 0009).
 */
export const serviceNodeFlags = [
  '--max-old-space-size=256',
  '--max-semi-space-size=16',
  '--heap-growing-percent=300',
  '--v8-pool-size=1',
] as const;

/** One instance of a service, as a child process. */
export class ServiceProcess extends ManagedProcess {
  readonly service: string;
  readonly index: number;
  readonly internalUrl: string;
  readonly #faultDir: string | undefined;

  constructor(row: ServiceRow, index: number, setting: ServiceSetting, supervision: Supervision) {
    const name = instanceName(row.name, index);
    const internal = `${host}:${setting.plan.internal(row.name, index)}`;
    const faultDir = setting.faultDir === undefined ? undefined : join(setting.faultDir, name);
    if (faultDir !== undefined) mkdirSync(faultDir, { recursive: true });
    super(
      {
        name,
        command: nodeBinary,
        args: ['--enable-source-maps', ...serviceNodeFlags, join(serviceDir(row.name), 'dist', 'main.js')],
        cwd: rootDir,
        env: { ...environment(row, index, setting), ...(faultDir === undefined ? {} : { FAULT_POINTS_DIR: faultDir }) },
        logFile: join(setting.logDir, `${name}.log`),
        isReady: async () => (await fetch(`http://${internal}/readyz`, { signal: AbortSignal.timeout(2000) })).ok,
        readyWithinMs: START_WITHIN_MS,
        stopGraceMs: STOP_GRACE_MS,
      },
      supervision,
    );
    this.service = row.name;
    this.index = index;
    this.internalUrl = `http://${internal}`;
    this.#faultDir = faultDir;
  }

  /** Arms a named fault point of this instance: `kill`, `throw` or `stall <ms>`, with `@N` for the Nth time it is passed. */
  armFault(point: string, action: string): void {
    if (this.#faultDir === undefined) throw new Error('the cluster was started without fault points');
    const file = point.replaceAll(':', '_');
    const unseen = join(this.#faultDir, '..', `.${this.name}.${file}`);
    writeFileSync(unseen, action);
    renameSync(unseen, join(this.#faultDir, file)); // whole or not at all: the service reads it the moment it appears
  }

  /** Whether a point that was armed is still to be passed. */
  isArmed(point: string): boolean {
    return this.#faultDir !== undefined && existsSync(join(this.#faultDir, point.replaceAll(':', '_')));
  }
}

const environment = (row: ServiceRow, index: number, { infra, secrets, plan, instances, env = {} }: ServiceSetting): NodeJS.ProcessEnv => {
  const all = (name: string, port: (index: number) => number): string =>
    Array.from({ length: instances[name] ?? 1 }, (_, i) => `${host}:${port(i)}`).join(',');
  const upstreams = services.filter(({ grpcEnv }) => grpcEnv !== undefined && row.calls?.includes(grpcEnv));
  const { NODE_OPTIONS: _ours, ...inherited } = process.env; // a test runner's flags are not meant for a service
  return {
    ...inherited,
    NODE_ENV: 'production',
    INSTANCE_ID: instanceName(row.name, index),
    LOG_LEVEL: 'info',
    KAFKA_BROKERS: infra.kafkaBrokers.join(','),
    REDIS_URL: infra.redisUrl,
    INTERNAL_ADDRESS: `${host}:${plan.internal(row.name, index)}`,
    GRPC_ADDRESS: `${host}:${row.http ? plan.gatewayGrpc(index) : plan.grpc(row.name, index)}`,
    GRPC_REFLECTION: 'on',
    ...(row.schema === undefined ? {} : { DATABASE_URL: databaseUrl(infra, secrets, row.schema) }),
    ...(row.http
      ? {
          HTTP_ADDRESS: `${host}:${plan.http(index)}`,
          JWT_SIGNING_KEY: secrets.jwtSigningKey,
          JWT_KEY_ID: secrets.jwtKeyId,
          RATE_LIMIT_PER_ADDRESS: '0', // everybody here comes from one address
        }
      : {}),
    ...Object.fromEntries(upstreams.map(({ name, grpcEnv }) => [grpcEnv, all(name, (i) => plan.grpc(name, i))])),
    ...env['*'],
    ...env[row.name],
  };
};

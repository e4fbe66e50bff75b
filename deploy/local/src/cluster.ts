import { join } from 'node:path';
import { removeClusterFile } from './cluster-file.ts';
import { Failure } from './failure.ts';
import type { Infrastructure } from './infra/connection.ts';
import { infraKind, startInfrastructure } from './infra/start.ts';
import type { Supervision } from './managed-process.ts';
import { findFreeBase, INSTANCES_MAX, portPlan, requireFree } from './port-plan.ts';
import { prepareDatabases, prepareTopics } from './prepare.ts';
import { silentProgress, type Progress } from './progress.ts';
import { openRecord } from './run-record.ts';
import { secretsIn, type Secrets } from './secrets.ts';
import { seedAdmin, seedShop, type Seeded } from './seed.ts';
import { ServiceProcess } from './service-process.ts';
import { isBuilt, services } from './services.ts';

export interface ClusterOptions {
  /** Everything it writes lies in here. */
  dir: string;
  /** The first of its ports; a free range is looked for when it is not given. */
  portBase?: number;
  /** Of each service, or by service; 1 by default. */
  instances?: number | Readonly<Record<string, number>>;
  /** More variables, by service; `*` is for all. */
  env?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Lets `armFault` arm the services' named fault points. */
  faultPoints?: boolean;
  /** Demo customers, products and a coupon event; there is an admin in any case. */
  seed?: boolean;
  /** Starts again what dies by itself. Tests that kill want to see it dead. */
  supervise?: boolean;
  infra?: 'native' | 'docker' | 'auto';
  progress?: Progress;
  /** Told about each change of a process while the cluster runs. */
  onEvent?: (text: string) => void;
  /** Gives up starting, and ends what has been started. */
  signal?: AbortSignal;
}

export interface Cluster {
  readonly dir: string;
  readonly portBase: number;
  readonly gatewayUrls: string[];
  readonly services: readonly ServiceProcess[];
  readonly infra: Infrastructure;
  readonly secrets: Secrets;
  /** An access token of the admin, good for 15 minutes. */
  readonly adminToken: string;
  readonly seeded: Seeded | undefined;
  /** The instance of that service. */
  readonly service: (name: string, index?: number) => ServiceProcess;
  readonly stop: () => Promise<void>;
}

/** Infrastructure, schemas, topics, services, admin and, if wanted, a shop to buy from. Throws a {@link Failure} and leaves nothing running. */
export const startCluster = async (options: ClusterOptions): Promise<Cluster> => {
  const {
    dir,
    env,
    faultPoints = false,
    seed = true,
    supervise = false,
    progress = silentProgress,
    onEvent = () => undefined,
    signal,
  } = options;
  const missing = services.filter(({ name }) => !isBuilt(name)).map(({ name }) => name);
  if (missing.length > 0) throw new Failure(`Not built: ${missing.join(', ')}.`, 'Run: npm run build');
  const instances = instancesOf(options.instances ?? 1);
  const logDir = join(dir, 'logs');
  const kind = infraKind(options.infra);
  const record = await openRecord(dir, kind, { say: (text) => progress.say(text), signal }); // from here on the folder is ours
  let quiet = true; // until it is ready, and again from when an end is asked for: neither is news
  const supervision: Supervision = {
    restart: supervise,
    onChange: ({ name, ref }, what, detail) => {
      record.set(name, ref);
      if (!quiet) onEvent(`${name} ${what} (${detail})`);
    },
  };
  let infra: Infrastructure | undefined;
  let running: ServiceProcess[] = [];
  const stop = async (): Promise<void> => {
    quiet = true;
    record.state('stopping');
    // From the outside in: what still runs may finish its work with what it calls.
    await Promise.all(running.filter(({ service }) => service === 'gateway').map((service) => service.stop()));
    await Promise.all(running.map((service) => service.stop()));
    await infra?.stop();
    await record.close();
  };
  try {
    removeClusterFile(dir); // one of a cluster that was killed: its addresses may be another checkout's by now
    const portBase = options.portBase ?? (await findFreeBase(20_000 + 300 * Math.floor(Math.random() * 30), instances));
    const plan = portPlan(portBase);
    await requireFree(portBase, instances);
    const secrets = secretsIn(dir);
    const up = await progress.step(kind === 'docker' ? 'containers' : 'servers', (note) =>
      startInfrastructure({ kind, dir, logDir, ports: plan.infra, supervision, report: (text) => progress.say(text) }).then((started) => {
        note('MySQL, Redis, Kafka');
        return started;
      }),
    );
    infra = up;
    signal?.throwIfAborted();
    await progress.step('schemas, topics', () => Promise.all([prepareDatabases(up, secrets), prepareTopics(up)]));
    const setting = { infra: up, secrets, plan, instances, logDir, env, faultDir: faultPoints ? join(dir, 'faults') : undefined };
    running = services.flatMap((row) =>
      Array.from({ length: instances[row.name] ?? 1 }, (_, index) => new ServiceProcess(row, index, setting, supervision)),
    );
    await progress.step('services', async (note) => {
      await unlessAborted(Promise.all(running.map((service) => service.start())), signal);
      note(running.map(({ name }) => name).join(', '));
    });
    const gatewayUrls = Array.from({ length: instances['gateway'] ?? 1 }, (_, index) => `http://127.0.0.1:${plan.http(index)}`);
    const adminToken = await unlessAborted(seedAdmin({ infra: up, secrets, gatewayUrl: gatewayUrls[0]! }), signal);
    const seeded = seed
      ? await progress.step('demo shop', () =>
          unlessAborted(seedShop({ dir, infraKind: kind, gatewayUrl: gatewayUrls[0]!, adminToken }), signal),
        )
      : undefined;
    record.state('ready');
    quiet = false;
    return { dir, portBase, gatewayUrls, services: running, infra: up, secrets, adminToken, seeded, service: find(running), stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

/** The work's end or the signal, whichever comes first. */
const unlessAborted = async <T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
  const aborted = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  aborted.catch(() => undefined);
  work.catch(() => undefined);
  signal?.throwIfAborted();
  const done = await Promise.race([work, aborted]);
  signal?.throwIfAborted();
  return done;
};

const find =
  (running: readonly ServiceProcess[]) =>
  (name: string, index = 0): ServiceProcess => {
    const found = running.find((service) => service.service === name && service.index === index);
    if (found === undefined) throw new Error(`there is no ${name} number ${index}`);
    return found;
  };

const instancesOf = (wanted: number | Readonly<Record<string, number>>): Record<string, number> => {
  const counts = Object.fromEntries(services.map(({ name }) => [name, typeof wanted === 'number' ? wanted : (wanted[name] ?? 1)]));
  const wrong = Object.values(counts).find((count) => !Number.isInteger(count) || count < 1 || count > INSTANCES_MAX);
  if (wrong !== undefined) throw new Failure(`${wrong} instances cannot be started.`, `Choose from 1 to ${INSTANCES_MAX}.`);
  return counts;
};

import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Failure } from './failure.ts';
import { refOf, type ProcessRef } from './process-ref.ts';

/** How to run one server or service, and how to tell that it answers. */
export interface ProcessSpec {
  name: string;
  command: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Standard output and error are appended to it. */
  logFile: string;
  readonly isReady: () => Promise<boolean>;
  readyWithinMs: number;
  /** How long it may take to end after SIGTERM before it is killed. */
  stopGraceMs: number;
}

/** What can be done to a server or service, whether it is a child process or a container. */
export interface Handle {
  readonly name: string;
  readonly pid: number | undefined;
  readonly running: boolean;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Sends the signal; for one that ends the process, waits until it is gone. It stays down unless it is supervised. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  restart(): Promise<void>;
}

export interface Supervision {
  /** Starts it again when it ends by itself. */
  restart: boolean;
  /** Told about each change: started, ended, restarted. */
  onChange?(process: ManagedProcess, what: 'started' | 'exited' | 'restarting', detail: string): void;
}

const backoffMs = (failures: number): number => Math.min(10_000, 250 * 2 ** failures);
/** A process that has lived this long was healthy: its next death is the first one again. */
const HEALTHY_AFTER_MS = 30_000;
/** EX_CONFIG of sysexits.h: its environment is wrong, and will be wrong the next time. */
const wrongConfiguration = 'exit code 78';

/** A child process with a log file, a readiness check and, if wanted, somebody who starts it again. */
export class ManagedProcess implements Handle {
  readonly name: string;
  readonly spec: ProcessSpec;
  readonly supervision: Supervision;
  #child: ChildProcess | undefined;
  #ref: ProcessRef | undefined;
  #exited: Promise<void> = Promise.resolve();
  #wanted = false;
  #ready = false;
  #failures = 0;
  /** The pause before the next revival. */
  #backoff: AbortController | undefined;

  constructor(spec: ProcessSpec, supervision: Supervision = { restart: false }) {
    this.name = spec.name;
    this.spec = spec;
    this.supervision = supervision;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get ref(): ProcessRef | undefined {
    return this.#ref;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** Spawns it and returns when it answers. Throws a {@link Failure} with the end of its log otherwise. */
  async start(): Promise<void> {
    if (this.running) return;
    this.#wanted = true;
    this.#backoff?.abort();
    this.#spawn();
    await this.#waitUntilReady();
  }

  async stop(): Promise<void> {
    this.#wanted = false;
    this.#backoff?.abort();
    const child = this.#child;
    if (child === undefined) return;
    child.kill('SIGCONT'); // a stopped process would never see the request to end
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), this.spec.stopGraceMs);
    await this.#exited;
    clearTimeout(force);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const gone = this.#exited;
    this.#child?.kill(signal);
    if (signal === 'SIGKILL' || signal === 'SIGTERM') await gone;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  #spawn(): void {
    const { command, args, env, cwd, logFile } = this.spec;
    mkdirSync(dirname(logFile), { recursive: true });
    const log = openSync(logFile, 'a');
    // A process group of its own: Ctrl-C reaches the supervisor alone, which then stops everything in order.
    const child = spawn(command, args, { env: env ?? process.env, cwd, detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
    this.#child = child;
    this.#ready = false;
    this.#ref = refOf(child.pid);
    const startedAt = Date.now();
    this.#exited = new Promise((resolve) => {
      const gone = (detail: string): void => {
        if (this.#child !== child) return;
        this.#child = undefined;
        this.#ref = undefined;
        this.#ready = false;
        resolve();
        this.supervision.onChange?.(this, 'exited', detail);
        if (this.#wanted && this.supervision.restart && detail !== wrongConfiguration) void this.#revive(Date.now() - startedAt);
      };
      child.once('exit', (code, signal) => gone(signal ?? `exit code ${code}`));
      child.once('error', (error) => gone(error.message));
    });
    this.supervision.onChange?.(this, 'started', `pid ${child.pid}`);
  }

  async #revive(livedMs: number): Promise<void> {
    this.#failures = livedMs > HEALTHY_AFTER_MS ? 0 : this.#failures + 1;
    const { signal } = (this.#backoff = new AbortController());
    await pause(backoffMs(this.#failures), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return; // started by hand, or not wanted any more
    this.supervision.onChange?.(this, 'restarting', `after ${this.#failures} failures`);
    try {
      this.#spawn();
    } catch (error) {
      // No room for its log, no memory for another process: what passes by, and nobody but this process would try again.
      this.supervision.onChange?.(this, 'exited', (error as Error).message);
      return this.#revive(0);
    }
    await this.#waitUntilReady().catch(() => undefined); // its death is seen by the exit handler, its slowness by whoever asks
  }

  async #waitUntilReady(): Promise<void> {
    const child = this.#child;
    const { name, isReady, readyWithinMs, logFile } = this.spec;
    for (const deadline = Date.now() + readyWithinMs; ; await pause(50)) {
      if (this.#child !== child || child === undefined) {
        throw new Failure(`${name} ended while it was starting.\n${tail(logFile)}`, `The whole log is in ${logFile}.`);
      }
      if (await isReady().catch(() => false)) break;
      if (Date.now() > deadline) {
        throw new Failure(`${name} did not answer within ${readyWithinMs / 1000} s.\n${tail(logFile)}`, `The whole log is in ${logFile}.`);
      }
    }
    if (this.#child === child) this.#ready = true;
  }
}

/** The last lines of a log, indented, to be shown beside a failure. */
export const tail = (file: string, lines = 12): string =>
  !existsSync(file)
    ? ''
    : readFileSync(file, 'utf8')
        .trimEnd()
        .split('\n')
        .slice(-lines)
        .map((line) => `    ${line.slice(0, 300)}`)
        .join('\n');

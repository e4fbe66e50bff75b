import { ConfigurationError, EXIT_CONFIG } from './config.ts';
import type { Logger } from './log.ts';
import { readinessOf, type ReadyCheck, type Readiness, startInternalServer } from './internal-server.ts';
import { collectProcessMetrics } from './metrics.ts';

export interface Lifecycle {
  readonly logger: Logger;
  /** Aborted when the process begins to stop: loops look at it. */
  readonly stopping: AbortSignal;
  /** `/readyz` needs this to hold from now on. */
  readonly readyWhen: (name: string, check: ReadyCheck['check']) => void;
  /** Runs at the stop, one after another, the last registered first: so register each thing right after it was started. */
  readonly onStop: (name: string, stop: () => unknown) => void;
}

export interface ProcessOptions {
  name: string;
  logger: Logger;
  /** `host:port` of `/livez`, `/readyz`, `/metrics`. */
  internalAddress: string;
}

interface StopHook {
  name: string;
  stop: () => unknown;
}

/** All stop hooks together; then the process exits with 1. */
const STOP_TIMEOUT_MS = 10_000;

/** Ends the process: hooks from last to first, each failure logged and passed over, since the hooks after it matter as much. */
const stopAll = async (hooks: StopHook[], logger: Logger): Promise<never> => {
  let current = '';
  let failed = false;
  setTimeout(() => {
    logger.error({ hook: current }, `not stopped within ${STOP_TIMEOUT_MS} ms`);
    process.exit(1);
  }, STOP_TIMEOUT_MS).unref();
  for (const { name, stop } of hooks.toReversed()) {
    current = name;
    try {
      await stop();
    } catch (err) {
      failed = true;
      logger.error({ err, hook: name }, 'a stop hook failed');
    }
  }
  logger.info('stopped');
  process.exit(failed ? 1 : 0);
};

const dieOnBugs = (logger: Logger): void => {
  const die = (kind: string) => (err: unknown) => {
    logger.fatal({ err }, kind);
    process.exit(1);
  };
  process.on('uncaughtException', die('uncaught exception'));
  process.on('unhandledRejection', die('unhandled rejection'));
};

/**
 * The life of a process, whatever it serves: internal server, `start`, one `ready` line; SIGTERM or SIGINT → not ready, stop hooks, exit 0.
 * A failed start, an uncaught exception and an unhandled rejection exit with 1: what holds this process up starts it again. A start that fails by a
 * `ConfigurationError` exits with 78.
 */
export const runProcess = async (options: ProcessOptions, start: (lifecycle: Lifecycle) => Promise<void>): Promise<void> => {
  const { name, logger, internalAddress } = options;
  const checks: ReadyCheck[] = [];
  const hooks: StopHook[] = [];
  const stopping = new AbortController();
  let started = false;

  const stop = (signal: string): void => {
    if (stopping.signal.aborted) return;
    logger.info({ signal }, 'stopping');
    stopping.abort();
    void stopAll(hooks, logger);
  };
  dieOnBugs(logger);
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);

  const readiness = async (): Promise<Readiness> => {
    if (stopping.signal.aborted) return { ready: false, failing: { process: 'stopping' } };
    if (!started) return { ready: false, failing: { process: 'starting' } };
    return readinessOf(checks);
  };

  try {
    collectProcessMetrics();
    const server = await startInternalServer(internalAddress, readiness);
    hooks.push({ name: 'internal server', stop: () => server.close() });
    await start({
      logger,
      stopping: stopping.signal,
      readyWhen: (check, holds) => void checks.push({ name: check, check: holds }),
      onStop: (hook, run) => void hooks.push({ name: hook, stop: run }),
    });
    started = true;
    if (!stopping.signal.aborted) logger.info({ service: name, internal: internalAddress }, 'ready');
  } catch (err) {
    if (err instanceof ConfigurationError) {
      process.stderr.write(`${err.message}\n`);
      process.exit(EXIT_CONFIG);
    }
    logger.fatal({ err }, 'could not start');
    process.exit(1);
  }
};

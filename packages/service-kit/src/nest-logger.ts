import type { LoggerService } from '@nestjs/common';
import type { Logger } from './log.ts';

/** Nest's log in the process's own: what it tells while it wires is debug, warnings and errors stay what they are. */
export const nestLogger = (logger: Logger): LoggerService => {
  const nest = logger.child({ part: 'nest' });
  return {
    log: (message: unknown) => nest.debug(String(message)),
    debug: (message: unknown) => nest.debug(String(message)),
    verbose: (message: unknown) => nest.trace(String(message)),
    warn: (message: unknown) => nest.warn(String(message)),
    error: (message: unknown, ...details: unknown[]) =>
      nest.error(message instanceof Error ? { err: message } : { details: details.map(String) }, String(message)),
    fatal: (message: unknown) => nest.fatal(String(message)),
  };
};

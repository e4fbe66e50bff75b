import { Catch, type ExceptionFilter, type LoggerService } from '@nestjs/common';
import { status } from '@grpc/grpc-js';
import { type Observable, throwError } from 'rxjs';
import { toServiceError } from './grpc-server.ts';
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

/** Turns what a gRPC handler throws into a status; logs what nobody foresaw. */
export const grpcErrors = (logger: Logger): ExceptionFilter => {
  @Catch()
  class GrpcErrors implements ExceptionFilter {
    catch(error: unknown): Observable<never> {
      const answer = toServiceError(error);
      if (answer.code === status.INTERNAL) logger.error({ err: error }, 'a gRPC handler failed');
      return throwError(() => answer);
    }
  }
  return new GrpcErrors();
};

import { Catch, type ExceptionFilter } from '@nestjs/common';
import { status } from '@grpc/grpc-js';
import { type Observable, throwError } from 'rxjs';
import { toServiceError } from './grpc-server.ts';
import type { Logger } from './log.ts';

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

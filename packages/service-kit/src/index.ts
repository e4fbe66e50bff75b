/** What a process needs whatever its business is. Each name is here because somebody imports it; what runs a service is `./service`. */
export { allEnded } from './all-ended.ts';
export { openInBackground } from './background.ts';
export { batcher } from './batcher.ts';
export { changeRows } from './change-rows.ts';
export { monotonicMs } from './clock.ts';
export { address, addressList, commonEnv, loadConfig, parseConfig, serviceEnv } from './config.ts';
export { databaseRefusal } from './database-refusal.ts';
export { type Cursor, decodeCursor, pageOf } from './cursor.ts';
export { OverloadedError, textOf, TransientError } from './errors.ts';
export { faultPoint } from './fault-point.ts';
export { fingerprint } from './fingerprint.ts';
export { isCutOff } from './grpc-channel.ts';
export { type GrpcCallOptions, type GrpcClient, grpcClient, UpstreamUnavailable } from './grpc-client.ts';
export { drain, grpcError, status } from './grpc-server.ts';
export {
  type AfterCommit,
  findKeys,
  type FreshCall,
  idempotencyName,
  jsonCodec,
  type KeyRow,
  once,
  onceEach,
  type Outcome,
  usableKey,
} from './idempotency.ts';
export { IDEMPOTENCY_DDL } from './idempotency-statements.ts';
export { canBeId, newId } from './ids.ts';
export { claimRows } from './insert-rows.ts';
export { parseAddress } from './internal-server.ts';
export { type Lease, openLease } from './lease.ts';
export { runProcess } from './lifecycle.ts';
export { createLogger, type Logger } from './log.ts';
export { Counter, Gauge, Histogram, registry } from './metrics.ts';
export { migrate } from './migrate.ts';
export { nestLogger } from './nest-logger.ts';
export { openRedis } from './redis.ts';
export { backoffMs, retryWithBackoff, sleep, within } from './retry.ts';
export { childTraceparent, currentTrace, isTraceparent, type TraceContext, traceIdOf, withTrace } from './trace.ts';
export { isTransient } from './transient.ts';
export { TwoGenerations } from './two-generations.ts';
export { type Database, openDatabase, prismaAdapter, type Tx } from './tx.ts';
export { openWriteOnce, type WriteOnce } from './write-once.ts';

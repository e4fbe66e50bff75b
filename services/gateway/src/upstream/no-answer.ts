import { isCutOff, UpstreamUnavailable } from '@jumun/service-kit';
import { status } from '@grpc/grpc-js';

/** Whether an error concerns the connection and not the call: nobody knows whether it was carried out. */
export const isNoAnswer = (error: unknown): boolean => {
  if (error instanceof UpstreamUnavailable || isCutOff(error)) return true;
  if (!(error instanceof Error)) return false;
  const { code, details } = error as { code?: unknown; details?: unknown };
  if (typeof details !== 'string') return false; // not a gRPC status
  return code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED;
};

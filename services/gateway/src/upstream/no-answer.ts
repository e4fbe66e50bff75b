import { isCutOff, UpstreamUnavailable } from '@jumun/service-kit';
import { status } from '@grpc/grpc-js';

interface CodedError {
  readonly code?: unknown;
  readonly details?: unknown;
}

/** A service that has more to do than it can: it has not begun the call. */
export const isOverload = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  const { code, details } = error as CodedError;
  return code === status.RESOURCE_EXHAUSTED && typeof details === 'string';
};

/** Whether an error concerns the connection and not the call: nobody knows whether it was carried out. */
export const isNoAnswer = (error: unknown): boolean => {
  if (error instanceof UpstreamUnavailable || isCutOff(error)) return true;
  if (!(error instanceof Error)) return false;
  const { code, details } = error as CodedError;
  if (typeof details !== 'string') return false; // not a gRPC status
  return code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED;
};

import { UpstreamUnavailable } from '@jumun/service-kit';
import { status } from '@grpc/grpc-js';

/**
 * Whether an error concerns the connection and not the call: nobody knows whether it was carried out. An instance that is stopped cuts
 * what it has not finished, which comes out as CANCELLED or as a reset stream.
 */
export const isNoAnswer = (error: unknown): boolean => {
  if (error instanceof UpstreamUnavailable) return true;
  if (!(error instanceof Error)) return false;
  const { code, details } = error as { code?: unknown; details?: unknown };
  if (typeof details !== 'string') return false; // not a gRPC status
  if (code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED) return true;
  return code === status.CANCELLED || (code === status.INTERNAL && details.includes('RST_STREAM'));
};

import { OverloadedError, status, TransientError } from '@jumun/service-kit';

interface StatusLike {
  readonly code?: unknown;
  readonly details?: unknown;
}

/** An upstream that is too busy, or was cut off in the middle of a call, may answer the next one; whatever else it says it would say again. */
export const asked = async <T>(answer: Promise<T> | T): Promise<T> => {
  try {
    return await answer;
  } catch (error) {
    const { code, details } = error as StatusLike;
    if (code === status.RESOURCE_EXHAUSTED) throw new OverloadedError('an upstream is overloaded');
    const isCut = code === status.CANCELLED || (code === status.INTERNAL && String(details).includes('RST_STREAM'));
    throw isCut ? new TransientError('an upstream was cut off', { cause: error }) : error;
  }
};

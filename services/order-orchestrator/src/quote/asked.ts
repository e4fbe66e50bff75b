import { isCutOff, OverloadedError, status, TransientError } from '@jumun/service-kit';

/** An upstream that is too busy, or was cut off in the middle of a call, may answer the next one; whatever else it says it would say again. */
export const asked = async <T>(answer: Promise<T> | T): Promise<T> => {
  try {
    return await answer;
  } catch (error) {
    if ((error as { code?: unknown }).code === status.RESOURCE_EXHAUSTED) throw new OverloadedError('an upstream is overloaded');
    throw isCutOff(error) ? new TransientError('an upstream was cut off', { cause: error }) : error;
  }
};

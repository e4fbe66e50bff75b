import type { refusals } from '@jumun/protos';
import { type Problem, refused } from '../problems/problem.ts';

/** The refusal in an outcome that is no success. An outcome that is neither is a mistake of ours. */
export const refusedOr = (outcome: { readonly $case: string; readonly refused?: refusals.Refusal } | undefined): Problem => {
  if (outcome?.refused === undefined) throw new Error('an answer with neither an effect nor a refusal');
  return refused(outcome.refused);
};

/** A time that a service always tells. */
export const timeOf = (time: Date | undefined): string => {
  if (time === undefined) throw new Error('a time is missing in an answer');
  return time.toISOString();
};

import type { Report } from '../check.ts';
import { COULD_NOT_LOOK } from './could-not-look.ts';

/** What a report comes to. A contradiction is one whatever could not be looked at; without one, nothing is said of the whole. */
export const verdictOf = ({ ok, checks }: Report): { readonly code: number; readonly verdict: string } => {
  if (ok) return { code: 0, verdict: 'The books agree.' };
  const unseen = checks.filter(({ couldNotLook }) => couldNotLook !== undefined).length;
  if (checks.some(({ violations }) => violations.length > 0))
    return { code: 1, verdict: `The books do NOT agree${unseen > 0 ? ', and not all could be looked at' : ''}.` };
  if (unseen === checks.length)
    return { code: COULD_NOT_LOOK, verdict: 'Nothing could be looked at. This says nothing of the books; try again.' };
  return { code: COULD_NOT_LOOK, verdict: 'Not all could be looked at. What was seen agrees.' };
};

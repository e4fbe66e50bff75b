import { isTransient } from '@jumun/service-kit';

/** Exit code of an audit that did not come to its end: another than that of books that do not agree. */
export const COULD_NOT_LOOK = 2;

/** Why there is no verdict: a sentence for what happens to databases, all that is known for what nobody expected. */
export const couldNotLook = (error: unknown): string => {
  if (!(error instanceof Error)) return `Could not look: ${String(error)}`;
  if (!isTransient(error)) return `Could not look: ${error.stack ?? error.message}`;
  const [why] = error.message.split('\n'); // the driver goes on with the statement
  return `Could not look: a database is away, or did not answer in time (${why}). This says nothing of the books; try again.`;
};

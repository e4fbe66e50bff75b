import { isTransient } from '@jumun/service-kit';

/** Exit code of an audit that did not come to its end, or not in all checks: another than that of books that do not agree. */
export const COULD_NOT_LOOK = 2;

/** Why a check was not even begun. */
export const NOT_TRIED = 'Not tried, since a database was away.';

/** Why there is no answer: a sentence for what happens to databases, all that is known for what nobody expected. */
export const couldNotLook = (error: unknown): string => {
  if (!(error instanceof Error)) return `Could not look: ${String(error)}`;
  if (!isTransient(error)) return `Could not look: ${error.stack ?? error.message}`;
  const [why] = error.message.split('\n'); // the driver goes on with the statement
  return `Could not look: a database is away, or did not answer in time (${why}).`;
};

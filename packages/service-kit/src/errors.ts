/** Something that may work when it is tried again: a lost connection, a deadlock, a server that restarts. Never a reason for a dead letter. */
export class TransientError extends Error {
  override readonly name: string = 'TransientError';
  /** True when the work may have been done all the same: the connection was lost while COMMIT was on its way. */
  readonly outcomeUnknown: boolean;

  constructor(message: string, options: { cause?: unknown; outcomeUnknown?: boolean } = {}) {
    super(message, { cause: options.cause });
    this.outcomeUnknown = options.outcomeUnknown ?? false;
  }
}

/** A limit of this process is reached; refused at once instead of queueing without end. Answered as 503 `OVERLOADED`. */
export class OverloadedError extends Error {
  override readonly name: string = 'OverloadedError';
}

/** What an error says, whatever was thrown. */
export const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What no repetition heals: a message that is too large, or one without a codec. */
export class SendError extends Error {
  override readonly name = 'SendError';
}

/** A record that cannot be read, now or ever. */
export class UnreadableError extends Error {
  override readonly name = 'UnreadableError';
}

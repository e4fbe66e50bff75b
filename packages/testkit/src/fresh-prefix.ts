import { randomBytes } from 'node:crypto';

/** A prefix for topics, groups and keys that no other test has. */
export const freshPrefix = (): string => `t${randomBytes(5).toString('hex')}.`;

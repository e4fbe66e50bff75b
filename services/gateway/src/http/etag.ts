import { hash } from 'node:crypto';

/**
 * A strong tag of an answer: the version that a change is checked against, and what the answer looked like, since it may change without
 * the version (stock does).
 */
export const etagOf = (version: number, answer: unknown): string => `"${version}-${hash('sha256', JSON.stringify(answer)).slice(0, 16)}"`;

/** Whether `If-None-Match` names the tag (RFC 9110, 13.1.2: weak comparison). */
export const matchesEtag = (ifNoneMatch: string | undefined, etag: string): boolean => {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((part) => {
    const tag = part.trim();
    return tag === '*' || tag === etag || tag === `W/${etag}`;
  });
};

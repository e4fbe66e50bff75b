import { isUtf8 } from 'node:buffer';
import type { FieldError } from '../problems/problem.ts';
import { readClosely } from './strict-json-reader.ts';

/** A JSON body: its value (undefined when there is none, or none can be made out), and what is wrong with how it is written. */
export class JsonBody {
  constructor(
    readonly value: unknown,
    readonly errors: readonly FieldError[] = [],
  ) {}
}

/** Deeper than any body of this API by far; a limit keeps recursion harmless. */
const DEPTH_MAX = 32;

const TOO_DEEP = -1;
const LOOK_CLOSER = -2;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/**
 * One pass over the bytes. Answers the number of members as the colons outside strings tell it; or that a closer look is needed, for
 * numbers that are not plain integers, and for `\u` escapes (which may be half a surrogate pair).
 */
const scan = (bytes: Buffer): number => {
  let colons = 0;
  let depth = 0;
  let plain = true;
  for (let i = 0; i < bytes.length; i++) {
    switch (bytes[i]) {
      case QUOTE:
        for (i++; i < bytes.length && bytes[i] !== QUOTE; i++) if (bytes[i] === BACKSLASH && bytes[++i] === 0x75 /* u */) plain = false;
        break;
      case COLON:
        colons++;
        break;
      case 0x7b: // {
      case 0x5b: // [
        if (++depth > DEPTH_MAX) return TOO_DEEP;
        break;
      case 0x7d: // }
      case 0x5d: // ]
        depth--;
        break;
      case 0x2e: // . e E: a fraction, an exponent (or a literal; never mind)
      case 0x65:
      case 0x45:
        plain = false;
    }
  }
  return plain ? colons : LOOK_CLOSER;
};

const membersIn = (value: unknown): number => {
  if (typeof value !== 'object' || value === null) return 0;
  let members = 0;
  if (Array.isArray(value)) for (const item of value) members += membersIn(item);
  else
    for (const name in value) {
      members++;
      const member = (value as Record<string, unknown>)[name];
      if (typeof member === 'object') members += membersIn(member);
    }
  return members;
};

/**
 * JSON to the letter: UTF-8, no member twice, no number that is silently rounded, no broken characters. JSON.parse does the work, and only
 * if fewer members came out than colons went in, or something looks unusual, the text is read again by our own reader, which knows where.
 * `__proto__` becomes an ordinary member, which no schema knows.
 */
export const parseJson = (bytes: Buffer): JsonBody => {
  if (bytes.length === 0) return new JsonBody(undefined);
  if (!isUtf8(bytes)) return notJson('is not valid UTF-8');
  const members = scan(bytes);
  if (members === TOO_DEEP) return notJson(`is nested more than ${DEPTH_MAX} levels deep`);
  const text = bytes.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return notJson('is not valid JSON');
  }
  return members === membersIn(value) ? new JsonBody(value) : new JsonBody(value, readClosely(text));
};

const notJson = (message: string): JsonBody => new JsonBody(undefined, [{ path: '', message }]);

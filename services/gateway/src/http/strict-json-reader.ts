import type { FieldError } from '../problems/problem.ts';
import { pointer } from './json-pointer.ts';

const STRING = /"(?:[^"\\]|\\.)*"/y;
const OTHER = /[^\s,\]}]+/y;
const NUMBER = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
const SPACE = /\s*/y;

/** Whether a number's text stands for an integer: 1, 1.0, 1e3; not 1.5, and not 1.00000000000000000001 either, which JSON.parse rounds. */
const isInteger = (literal: string): boolean => {
  const [, whole = '', fraction = '', exponent = '0'] = NUMBER.exec(literal) ?? [];
  const fractionDigits = fraction.length - Number(exponent);
  return fractionDigits <= 0 || /^0*$/.test((whole + fraction).slice(-fractionDigits));
};

/**
 * Reads a text that is known to be JSON and not deep, and tells what JSON.parse passes over: members given twice, numbers rounded to an
 * integer, strings that are no Unicode.
 */
export const readClosely = (text: string): FieldError[] => {
  const errors: FieldError[] = [];
  let at = 0;

  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const [token = ''] = pattern.exec(text) ?? [];
    at += token.length;
    return token;
  };
  const string = (path: string): string => {
    const value = JSON.parse(take(STRING)) as string;
    if (!value.isWellFormed()) errors.push({ path: path.toWellFormed(), message: 'holds half a surrogate pair' });
    return value;
  };
  const many = (end: string, one: (index: number) => void): void => {
    at++;
    for (let index = 0; take(SPACE) !== undefined && text[at] !== end; index++) {
      if (text[at] === ',') at++;
      take(SPACE);
      one(index);
    }
    at++;
  };
  const object = (path: string): void => {
    const names = new Set<string>();
    many('}', () => {
      const name = string(path);
      const member = pointer(path, name);
      if (names.has(name)) errors.push({ path: member.toWellFormed(), message: 'is given more than once' });
      names.add(name);
      take(SPACE);
      at++; // the colon
      value(member);
    });
  };
  const value = (path: string): void => {
    take(SPACE);
    if (text[at] === '{') object(path);
    else if (text[at] === '[') many(']', (index) => value(pointer(path, index)));
    else if (text[at] === '"') string(path);
    else {
      const literal = take(OTHER);
      if (Number.isInteger(Number(literal)) && !isInteger(literal)) errors.push({ path, message: 'must be an integer' });
    }
  };
  value('');
  return errors;
};

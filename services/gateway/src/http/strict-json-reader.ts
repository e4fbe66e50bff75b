import { ERRORS_MAX, type FieldError, shownPath } from '../problems/problem.ts';
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
 * integer, strings that are no Unicode. Ends at as many mistakes as an answer lists: a name of half a body in each of them would be gigabytes.
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
  const mistake = (path: string, message: string): void => {
    if (errors.length < ERRORS_MAX) errors.push({ path: shownPath(path), message });
  };
  const string = (path: string): string => {
    const value = JSON.parse(take(STRING)) as string;
    if (!value.isWellFormed()) mistake(path, 'holds half a surrogate pair');
    return value;
  };
  const many = (end: string, one: (index: number) => void): void => {
    at++;
    take(SPACE);
    for (let index = 0; errors.length < ERRORS_MAX && text[at] !== end; index++) {
      if (text[at] === ',') at++;
      take(SPACE);
      one(index);
      take(SPACE);
    }
    at++;
  };
  const object = (path: string): void => {
    const names = new Set<string>();
    many('}', () => {
      const name = string(path);
      const member = pointer(path, name);
      if (names.has(name)) mistake(member, 'is given more than once');
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
      if (Number.isInteger(Number(literal)) && !isInteger(literal)) mistake(path, 'must be an integer');
    }
  };
  value('');
  return errors;
};

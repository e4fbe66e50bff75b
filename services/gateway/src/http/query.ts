import { ERRORS_MAX, type FieldError } from '../problems/problem.ts';

/** A query string, taken apart: each parameter once, decoded; and what is wrong with it. */
export interface RawQuery {
  readonly values: ReadonlyMap<string, string>;
  readonly errors: readonly FieldError[];
}

const EMPTY: RawQuery = { values: new Map(), errors: [] };

const decode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
};

/** A parameter given twice is an error: which of the two was meant? Reads on until there are as many errors as an answer lists. */
export const parseQuery = (text: string): RawQuery => {
  if (text === '') return EMPTY;
  const values = new Map<string, string>();
  const errors: FieldError[] = [];
  for (const part of text.split('&')) {
    if (part === '') continue;
    if (errors.length >= ERRORS_MAX) break;
    const equals = part.indexOf('=');
    const name = decode(equals === -1 ? part : part.slice(0, equals));
    const value = equals === -1 ? '' : decode(part.slice(equals + 1));
    if (name === undefined || value === undefined) errors.push({ path: `?${name ?? ''}`, message: 'is not percent-encoded UTF-8' });
    else if (values.has(name)) errors.push({ path: `?${name}`, message: 'is given more than once' });
    else values.set(name, value);
  }
  return { values, errors };
};

import { ERRORS_MAX, type FieldError } from '../problems/problem.ts';
import { pointer } from './json-pointer.ts';
import { parseTime } from './times.ts';

/** The part of JSON Schema in which this API's requests are written. */
export interface RequestSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, RequestSchema>>;
  readonly required?: readonly string[];
  readonly items?: RequestSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly format?: string;
}

const typeOf = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);
const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
const article: Readonly<Record<string, string>> = { integer: 'an integer', object: 'an object', array: 'an array', string: 'a string' };

const numberMistake = (value: number, { minimum = -Infinity, maximum = Infinity }: RequestSchema): string | undefined => {
  if (!Number.isInteger(value)) return 'must be an integer';
  if (value < minimum) return `must be at least ${minimum}`;
  if (value > maximum) return `must be at most ${maximum}`;
  return undefined;
};

const stringMistake = (value: string, schema: RequestSchema): string | undefined => {
  const { minLength = 0, maxLength = Infinity, pattern, format } = schema;
  if (schema.enum?.includes(value) === false) return `must be one of ${schema.enum.join(', ')}`;
  let length = 0;
  for (const _ of value) length++; // characters, not UTF-16 units
  if (length < minLength) return `must have at least ${plural(minLength, 'character')}`;
  if (length > maxLength) return `must have at most ${plural(maxLength, 'character')}`;
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(value)) return `must match ${pattern}`;
  if (format === 'date-time' && parseTime(value) === undefined)
    return 'must be a time as in RFC 3339, such as 2026-01-31T00:00:00Z, of the years 1970 to 9998';
  return undefined;
};

/** Everything in `value` that is not as `schema` has it, in the order of the value, up to so many mistakes as an answer lists. */
export const explain = (schema: RequestSchema, value: unknown, path = '', errors: FieldError[] = []): readonly FieldError[] => {
  if (errors.length >= ERRORS_MAX) return errors;
  const { type = 'any' } = schema;
  const mistake = (message: string | undefined, at = path): void => {
    if (message !== undefined && errors.length < ERRORS_MAX) errors.push({ path: at, message });
  };
  if (typeOf(value) !== (type === 'integer' ? 'number' : type)) mistake(`must be ${article[type] ?? type}`);
  else if (typeof value === 'number') mistake(numberMistake(value, schema));
  else if (typeof value === 'string') mistake(stringMistake(value, schema));
  else if (Array.isArray(value)) explainArray(schema, value, path, errors, mistake);
  else explainObject(schema, value as Record<string, unknown>, path, errors, mistake);
  return errors;
};

type Mistake = (message: string | undefined, at?: string) => void;

const explainArray = (schema: RequestSchema, value: readonly unknown[], path: string, errors: FieldError[], mistake: Mistake): void => {
  const { minItems = 0, maxItems = Infinity, items = {} } = schema;
  if (value.length < minItems) mistake(`must have at least ${plural(minItems, 'element')}`);
  if (value.length > maxItems) return mistake(`must have at most ${plural(maxItems, 'element')}`);
  value.forEach((item, index) => explain(items, item, pointer(path, index), errors));
};

const explainObject = (
  schema: RequestSchema,
  value: Record<string, unknown>,
  path: string,
  errors: FieldError[],
  mistake: Mistake,
): void => {
  const { properties = {}, required = [] } = schema;
  for (const name of Object.keys(value)) {
    const member = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (member === undefined) mistake('is not known here', pointer(path, name));
    else explain(member, value[name], pointer(path, name), errors);
    if (errors.length >= ERRORS_MAX) return;
  }
  for (const name of required) if (!Object.hasOwn(value, name)) mistake('is required', pointer(path, name));
};

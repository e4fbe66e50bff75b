import type { FieldError } from '../problems/problem.ts';
import { explain, type RequestSchema } from './explain.ts';
import type { RawQuery } from './query.ts';
import type { TSchema } from './schema.ts';

const INTEGER = /^(0|-?[1-9]\d{0,15})$/;

/** Reads query parameters as a schema of strings and integers has them. Defaults are filled in, everything else is left out. */
export const queryCheck = (properties: Readonly<Record<string, TSchema>>) => {
  const defaults = Object.entries(properties).flatMap(([name, { default: value }]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return ({ values, errors }: RawQuery): { query: Record<string, unknown>; errors: readonly FieldError[] } => {
    const query: Record<string, unknown> = Object.fromEntries(defaults);
    const mistakes = [...errors];
    for (const [name, text] of values) {
      const schema = Object.hasOwn(properties, name) ? properties[name] : undefined;
      if (schema === undefined) {
        mistakes.push({ path: `?${name}`, message: 'is not known here' });
        continue;
      }
      const value = schema['type'] === 'integer' ? (INTEGER.test(text) ? Number(text) : NaN) : text;
      for (const { message } of explain(schema as RequestSchema, value)) mistakes.push({ path: `?${name}`, message });
      query[name] = value;
    }
    return { query, errors: mistakes };
  };
};

import { hash } from 'node:crypto';

/**
 * JSON with members in a fixed order (as RFC 8785 sorts them), so that two clients who order members differently say the same.
 * `undefined` members are left out as JSON does; numbers that JSON cannot say, and values that are no data, throw.
 */
export const canonicalJson = (value: unknown): string => {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return JSON.stringify(value);
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`${value} has no JSON form`);
      return JSON.stringify(value);
    case 'bigint':
      return value.toString();
    case 'object':
      return value === null ? 'null' : canonicalObject(value);
    default:
      throw new TypeError(`a ${typeof value} has no JSON form`);
  }
};

const canonicalObject = (value: object): string => {
  if (Array.isArray(value)) return `[${value.map((item) => (item === undefined ? 'null' : canonicalJson(item))).join(',')}]`;
  if (value instanceof Date) return JSON.stringify(value);
  if (ArrayBuffer.isView(value) || value instanceof Map || value instanceof Set)
    throw new TypeError('only plain data has a canonical JSON form');
  const names = Object.keys(value).sort(); // by UTF-16 code units, as RFC 8785 has it
  let text = '{';
  for (const name of names) {
    const member = (value as Record<string, unknown>)[name];
    if (member !== undefined) text += `${text === '{' ? '' : ','}${JSON.stringify(name)}:${canonicalJson(member)}`;
  }
  return `${text}}`;
};

/** SHA-256 (64 hex digits) of the canonical JSON: "same key, same input?" in one comparison. */
export const fingerprint = (value: unknown): string => hash('sha256', canonicalJson(value));
